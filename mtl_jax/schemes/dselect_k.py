"""DSelect-k: each task selects k experts, smoothly at first."""

import math

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mtl_jax.schemes import base
from mtl_jax.schemes.base import ranges
from mtl_jax.schemes.parts import experts, gates


class Scheme(base.Scheme):
  """Hazimeh et al., NeurIPS 2021, arXiv:2106.03760.

  A task has several single-expert selectors. Each writes the number of an
  expert in binary digits, which are smooth steps and so become exactly 0 or 1.
  Stem as in `mmoe`.

  Attributes:
    num_experts: number of experts.
    selectors: number of selectors of each task.
    gamma: width of the smooth step.
    entropy: weight of the penalty for undecided selectors, times `hp.penalty`;
      it grows linearly over training.
    per_example: whether the selection depends on the stem's features.
    expert_from: see `parts.experts.stem_length`.
  """

  mix = ('digits', 'blend')
  penalised = True
  penalised_by = ('entropy',)
  num_experts: int = 4
  selectors: int = 2
  gamma: float = 1.0
  entropy: float = 0.0
  per_example: bool = False
  expert_from: int = -1

  def __post_init__(self):
    ranges.at_least(0, entropy=self.entropy)
    ranges.at_least(1, num_experts=self.num_experts, selectors=self.selectors)
    ranges.more_than(0, gamma=self.gamma)
    super().__post_init__()

  @nn.compact
  def __call__(self, x, train):
    size = self.num_experts
    x, outputs = experts.run(self, self.expert_from, size, x, train)
    outputs = experts.last_shared(self, outputs)
    read = base.summary(x)
    codes, blend = self.choices(read)
    chosen = select(smooth_step(codes, self.gamma), size)  # [B, K, k, E]
    gate = (nn.softmax(blend)[..., None] * chosen).sum(-2)  # [B, K, E]
    gate = gate.astype(read.dtype)
    gates.record(self, gate)
    self.add_penalties(chosen)
    # Without `per_example` the batch axis has size 1.
    gate = jnp.broadcast_to(gate, (len(read), *gate.shape[1:]))
    outputs = [base.spread(h, 1) for h in outputs]
    return self.predict_stacked(gates.mixtures(gate, outputs))

  def choices(self, read: Float[Array, 'batch channels']):
    """Inputs of the smooth steps, and logits of the selectors.

    They are float32: digits in lower precision are too coarse for undecided
    selectors. B is 1 unless `per_example`.

    Returns:
      `[B, K, k, m]` for m digits, and `[B, K, k]`.
    """
    digits = math.ceil(math.log2(self.num_experts))
    k, width = self.num_tasks, read.shape[-1]
    inputs = (width,) if self.per_example else ()
    shape = (k, *inputs, self.selectors, digits)
    # One expert has no digits, and an empty parameter could not be saved.
    start = around_zero(self.gamma / 100)
    z = self.param('digits', start, shape) if digits else jnp.zeros(shape)
    w = self.param('blend', around_zero(0.05), shape[:-1])
    if self.per_example:
      z = jnp.einsum('bc,tckm->btkm', read, z)
      w = jnp.einsum('bc,tck->btk', read, w)
    else:
      z, w = z[None], w[None]
    return z.astype(jnp.float32), w.astype(jnp.float32)

  def add_penalties(
    self, chosen: Float[Array, 'batch tasks selectors experts']
  ):
    """Penalizes undecided selectors, and codes of no expert."""
    if self.entropy:
      logs = jnp.log(jnp.maximum(chosen, 1e-30))
      entropy = -(chosen * logs).sum((1, 2, 3)).mean()
      begun = self.now('step', 1) / self.now('steps', 1)
      self.add_penalty(self.entropy * begun * entropy)
    if self.num_experts & (self.num_experts - 1):
      valid = chosen.sum(-1)
      self.add_penalty((1 / jnp.maximum(valid, 1e-6)).sum((1, 2)).mean())


def smooth_step(x: Array, gamma: float) -> Array:
  """0 below -gamma/2, 1 above gamma/2, a cubic between; eq. 4.

  Args:
    x: an array.
    gamma: width of the step.

  Returns:
    An array of the same shape, in [0, 1].
  """
  inside = jnp.clip(x / gamma, -0.5, 0.5)
  return -2 * inside**3 + 1.5 * inside + 0.5


def select(
  digits: Float[Array, '... digits'], size: int
) -> Float[Array, '... {size}']:
  """Degree to which the digits write each number, eq. 3.

  Args:
    digits: in [0, 1], the lowest digit first.
    size: how many numbers, from 0.

  Returns:
    The weight of each number; exact digits give a one-hot vector.
  """
  shifts = np.arange(digits.shape[-1])
  codes = (np.arange(size)[:, None] >> shifts) & 1  # [E, m]
  codes = codes.reshape(*[1] * (digits.ndim - 1), *codes.shape)
  digits = digits[..., None, :]
  return jnp.where(codes == 1, digits, 1 - digits).prod(-1)


def around_zero(reach: float):
  """An initializer: uniform in (-reach, reach)."""

  def start(key, shape):
    return nn.initializers.uniform(2 * reach)(key, shape) - reach

  return start
