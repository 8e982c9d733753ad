"""A vector of a set, by attention: set2set."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mtl_jax.layers.dense import Dense


class Set2Set(nn.Module):
  """Vinyals et al., arXiv:1511.06391, section 4.2; the order has no effect.

  The state of the LSTM is the first half of its input, so that it has no
  weights of its own: they would be added to those of the input.

  Attributes:
    queries: how many are asked, one after the other.
  """

  queries: int

  @nn.compact
  def __call__(
    self,
    h: Float[Array, 'batch items channels'],
    mask: Bool[Array, 'batch items'],
  ) -> Float[Array, 'batch 2*channels']:
    """The last query and what it read; 0 was read where no item is unmasked."""
    cell = jnp.zeros_like(h[:, 0])
    joint = jnp.concatenate([cell, cell], axis=-1)
    gates = Dense(4 * h.shape[-1], name='lstm')
    for _ in range(self.queries):
      i, f, o, g = jnp.split(gates(joint), 4, axis=-1)
      cell = nn.sigmoid(f) * cell + nn.sigmoid(i) * jnp.tanh(g)
      query = nn.sigmoid(o) * jnp.tanh(cell)
      share = shares((h * query[:, None]).sum(-1), mask)
      joint = jnp.concatenate([query, (share[..., None] * h).sum(1)], axis=-1)
    return joint


def shares(
  energy: Float[Array, 'batch items'], mask: Bool[Array, 'batch items']
) -> Float[Array, 'batch items']:
  """Softmax over the unmasked items; all 0 where there is none.

  Args:
    energy: of the items.
    mask: True where there is no padding.
  """
  low = jnp.finfo(energy.dtype).min
  energy = jnp.where(mask, energy, low)
  power = jnp.exp(energy - energy.max(1, keepdims=True)) * mask
  return power / jnp.maximum(power.sum(1, keepdims=True), 1e-9)
