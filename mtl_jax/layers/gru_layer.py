"""The gated recurrent unit.

Its gradient keeps the weights out of the backward scan, as in `lstm_layer`.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float

from mtl_jax.layers.lstm_layer import product
from mtl_jax.layers.sequence import Sequence


class GRU(nn.Module):
  """Gated recurrent unit, Cho et al., EMNLP 2014, arXiv:1406.1078.

  Gates are in the order reset, update, new. The reset gate multiplies the
  product with the state (as in cuDNN and PyTorch), which has a bias of its own.
  Returns the state after the last unmasked step, `[B, features]`. Products
  are in the input's dtype, gates and state in float32.

  Attributes:
    features: number of channels of the state.
  """

  features: int

  @nn.compact
  def __call__(
    self, sequence: Sequence
  ) -> Float[Array, 'batch {self.features}']:
    x, mask = sequence
    width = self.features
    start, zeros = nn.initializers.lecun_normal(), nn.initializers.zeros
    kernel = self.param('input_kernel', start, (x.shape[-1], 3 * width))
    recurrent = self.param('recurrent_kernel', start, (width, 3 * width))
    bias = self.param('bias', zeros, (3 * width,))
    state_bias = self.param('state_bias', zeros, (width,))
    steps = x.swapaxes(0, 1)  # [L, B, C]
    inputs = product(steps, kernel.astype(x.dtype)) + bias[None, None]
    hidden = last_state(
      inputs,
      recurrent.astype(x.dtype),
      state_bias.astype(inputs.dtype),
      mask.swapaxes(0, 1),
    )
    return hidden.astype(x.dtype)


@jax.custom_vjp
def last_state(
  inputs: Float[Array, 'length batch gates'],
  recurrent: Float[Array, 'width gates'],
  bias: Float[Array, 'width'],
  mask: Bool[Array, 'length batch'],
) -> Float[Array, 'batch width']:
  """A GRU's state after all steps; masked steps leave it unchanged.

  Args:
    inputs: the input's part of the gates, bias included.
    recurrent: recurrent kernel.
    bias: of the state's part of the new gate.
    mask: True where there is no padding.

  Returns:
    The state, in float32.
  """
  return _forward(inputs, recurrent, bias, mask)[0]


def _forward(inputs, recurrent, bias, mask):
  """The last state, and the residuals of each step for the gradient."""
  width = recurrent.shape[0]

  def step(hidden, one):
    given, valid = one
    narrow = hidden.astype(recurrent.dtype)
    of_state = product(narrow, recurrent)
    reset, update = jnp.split(
      nn.sigmoid(given[:, : 2 * width] + of_state[:, : 2 * width]), 2, axis=-1
    )
    proposed = of_state[:, 2 * width :] + bias[None]
    new = jnp.tanh(given[:, 2 * width :] + reset * proposed)
    after = (1 - update) * new + update * hidden
    saved = hidden, reset, update, new, proposed
    return jnp.where(valid[:, None], after, hidden), saved

  start = jnp.zeros((inputs.shape[1], width), inputs.dtype)
  return lax.scan(step, start, (inputs, mask))


def _last_state_forward(inputs, recurrent, bias, mask):
  hidden, saved = _forward(inputs, recurrent, bias, mask)
  return hidden, (saved, recurrent, mask)


def _last_state_backward(residuals, cotangent):
  saved, recurrent, mask = residuals

  def step(cotangent, one):
    (hidden, reset, update, new, proposed), valid = one
    moved = jnp.where(valid[:, None], cotangent, 0)
    by_new = moved * (1 - update) * (1 - new**2)
    by_update = moved * (hidden - new) * update * (1 - update)
    by_reset = by_new * proposed * reset * (1 - reset)
    by_state = jnp.concatenate([by_reset, by_update, by_new * reset], -1)
    narrow = by_state.astype(recurrent.dtype)
    # A masked step is the identity: its cotangent passes unchanged.
    direct = jnp.where(valid[:, None], cotangent * update, cotangent)
    return direct + product(narrow, recurrent.T), (by_state, by_new)

  _, (by_state, by_new) = lax.scan(step, cotangent, (saved, mask), reverse=True)
  over_steps = (((0, 1), (0, 1)), ((), ()))
  # One product over all steps, instead of one in each step of the scan.
  before = saved[0].astype(recurrent.dtype)
  weights = lax.dot_general(
    before, by_state.astype(recurrent.dtype), over_steps
  )
  width = recurrent.shape[0]
  given = jnp.concatenate([by_state[..., : 2 * width], by_new], -1)
  return given, weights, by_state[..., 2 * width :].sum((0, 1)), None


last_state.defvjp(_last_state_forward, _last_state_backward)
