"""Mixture of orthogonal experts."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtl_jax.schemes import base
from mtl_jax.schemes.base import ranges
from mtl_jax.schemes.parts import experts


class Scheme(base.Scheme):
  """Hendawy, Peters, D'Eramo, ICLR 2024, arXiv:2311.11385.

  The experts' pooled features are orthonormalized in each row (Gram-Schmidt).
  Task t reads tanh of their sum with its own weights, without softmax. Stem as
  in `mmoe`.

  Attributes:
    num_experts: number of experts.
    expert_from: see `parts.experts.stem_length`.
  """

  mix = ('blend',)
  num_experts: int = 4
  expert_from: int = -1

  def __post_init__(self):
    ranges.at_least(1, num_experts=self.num_experts)
    super().__post_init__()

  @nn.compact
  def __call__(self, x, train):
    size = self.num_experts
    _, outputs = experts.run(self, self.expert_from, size, x, train)
    outputs = experts.last_shared(self, outputs)
    vectors = [base.summary(h) for h in outputs]
    if size > vectors[0].shape[-1]:
      raise ValueError(
        f'{size} experts cannot be orthogonal in {vectors[0].shape[-1]} '
        'channels; lower num_experts'
      )
    basis = orthonormal(vectors)  # [E, B, C]
    shape = (self.num_tasks, size)
    blend = self.param('blend', nn.initializers.normal(size**-0.5), shape)
    self.record('weight', blend, 'task', 'expert')
    mixed = jnp.einsum('te,ebc->tbc', blend, basis)
    return self.predict_stacked(jnp.tanh(mixed))


def orthonormal(
  vectors: list[Float[Array, 'batch channels']],
) -> Float[Array, 'experts batch channels']:
  """Modified Gram-Schmidt over the experts, eq. 5, in float32.

  A vector in the span of those before it becomes 0, without gradient: its
  remainder, up to 1e-4 of its length, is rounding error and has an arbitrary
  direction.
  """
  basis = []
  for vector in vectors:
    rest = vector.astype(jnp.float32)
    least = 1e-8 * jnp.square(rest).sum(-1, keepdims=True)
    for other in basis:
      rest -= (rest * other).sum(-1, keepdims=True) * other
    square = jnp.square(rest).sum(-1, keepdims=True)
    # Two selections: sqrt(0) and 0 / 0 would make gradients NaN.
    new = square > least
    length = jnp.sqrt(jnp.where(new, square, 1))
    basis.append(jnp.where(new, rest / length, 0))
  return jnp.stack(basis).astype(vectors[0].dtype)
