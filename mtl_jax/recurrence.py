"""Recurrent cells."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from mtl_jax.sequence import Sequence


class LSTM(nn.Module):
  """Long short-term memory, Hochreiter and Schmidhuber (1997).

  Gates in the order input, forget, cell, output; the forget gate's bias starts
  at 1. Returns the state after the last unmasked step, `[B, features]`.
  """

  features: int

  @nn.compact
  def __call__(
    self, sequence: Sequence
  ) -> Float[Array, 'batch {self.features}']:
    x, mask = sequence
    width = self.features
    kernel = self.param(
      'input_kernel', nn.initializers.lecun_normal(), (x.shape[-1], 4 * width)
    )
    # Not orthogonal: LAPACK's QR hangs where JAX runs several at once on a
    # machine of few cores (jaxlib 0.10.2), as it does for towers and gates.
    recurrent = self.param(
      'recurrent_kernel', nn.initializers.lecun_normal(), (width, 4 * width)
    )
    bias = self.param('bias', _forget_gate_one, (4 * width,))
    # The input's part of all steps is one product, outside the scan.
    projected = x @ kernel + bias[None, None]  # [B, L, 4H]

    def cell(carry, step):
      gates, valid = step
      new = _lstm_cell(gates + carry[0] @ recurrent, carry[1])
      keep = valid[:, None]
      return jax.tree.map(lambda n, o: jnp.where(keep, n, o), new, carry), None

    start = jnp.zeros((x.shape[0], width), projected.dtype)
    steps = (projected.swapaxes(0, 1), mask.swapaxes(0, 1))
    (hidden, _), _ = lax.scan(cell, (start, start), steps)
    return hidden


def _lstm_cell(gates, cell):
  i, f, g, o = jnp.split(gates, 4, axis=-1)
  cell = nn.sigmoid(f) * cell + nn.sigmoid(i) * jnp.tanh(g)
  return nn.sigmoid(o) * jnp.tanh(cell), cell


def _forget_gate_one(key, shape, dtype=jnp.float32):
  del key
  return jnp.zeros(shape, dtype).at[shape[0] // 4 : shape[0] // 2].set(1)
