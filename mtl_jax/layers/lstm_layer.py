"""The long short-term memory.

The scan and its custom gradient are the same on every platform: each step has
one matrix product, which a fused kernel could not avoid either, and such a
kernel cannot be mapped over towers and task losses.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float

from mtl_jax.layers.sequence import Sequence


class LSTM(nn.Module):
  """Long short-term memory, Hochreiter and Schmidhuber (1997).

  Gates are in the order input, forget, cell, output; the forget gate's bias is
  initialized to 1. Returns the state after the last unmasked step, `[B,
  features]`. Products are in the input's dtype, gates and state in float32.

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
    kernel = self.param(
      'input_kernel', nn.initializers.lecun_normal(), (x.shape[-1], 4 * width)
    )
    # Not orthogonal: LAPACK's QR hangs where JAX runs several at once on few
    # cores (jaxlib 0.10.2), as it does for towers and gates.
    recurrent = self.param(
      'recurrent_kernel', nn.initializers.lecun_normal(), (width, 4 * width)
    )
    bias = self.param('bias', _forget_gate_one, (4 * width,))
    # The input's part of all steps is one product, outside the scan.
    steps = x.swapaxes(0, 1)  # [L, B, C]
    inputs = product(steps, kernel.astype(x.dtype)) + bias[None, None]
    hidden = last_state(inputs, recurrent.astype(x.dtype), mask.swapaxes(0, 1))
    return hidden.astype(x.dtype)


def _forget_gate_one(key, shape, dtype=jnp.float32):
  del key
  return jnp.zeros(shape, dtype).at[shape[0] // 4 : shape[0] // 2].set(1)


@jax.custom_vjp
def last_state(
  inputs: Float[Array, 'length batch gates'],
  recurrent: Float[Array, 'width gates'],
  mask: Bool[Array, 'length batch'],
) -> Float[Array, 'batch width']:
  """An LSTM's state after all steps; masked steps leave it unchanged.

  Its gradient equals that of the scan but keeps the weights out of the backward
  scan: their gradient is one product over all steps, after it. It can be
  differentiated again, in reverse mode.

  Args:
    inputs: the input's part of the gates, bias included.
    recurrent: recurrent kernel.
    mask: True where there is no padding.

  Returns:
    The state, in float32.
  """
  (hidden, _), _ = _forward(inputs, recurrent, mask, lambda *_: None)
  return hidden


def _last_state_forward(inputs, recurrent, mask):
  (hidden, _), saved = _forward(inputs, recurrent, mask, _factors)
  return hidden, (saved, recurrent, mask)


def _last_state_backward(residuals, hidden_cotangent):
  (before, factors), recurrent, mask = residuals

  # The scan carries the cotangents of the state; weights are added after it.
  def step(carry, one):
    hidden, cell = carry
    (by_hidden, by_cell, by_gates), valid = one
    moved = cell + hidden * by_hidden
    gates = jnp.concatenate([moved, moved, moved, hidden], -1) * by_gates
    gates = gates.astype(recurrent.dtype)
    hidden = jnp.where(valid[:, None], 0, hidden) + product(gates, recurrent.T)
    return (hidden, moved * by_cell), gates

  start = (hidden_cotangent, jnp.zeros_like(hidden_cotangent))
  _, gates = lax.scan(step, start, (factors, mask), reverse=True)
  over_steps = (((0, 1), (0, 1)), ((), ()))
  weights = lax.dot_general(before, gates, over_steps)
  return gates.astype(jnp.float32), weights, None


last_state.defvjp(_last_state_forward, _last_state_backward)


def _forward(inputs, recurrent, mask, save):
  """The last `(hidden, cell)`, and the result of `save` at each step."""
  width = recurrent.shape[0]

  def step(carry, one):
    hidden, cell = carry
    gates, valid = one
    narrow = hidden.astype(recurrent.dtype)
    i, f, g, o = jnp.split(gates + product(narrow, recurrent), 4, axis=-1)
    i, f, o = nn.sigmoid(i), nn.sigmoid(f), nn.sigmoid(o)
    g = jnp.tanh(g)
    new = f * cell + i * g
    shown = jnp.tanh(new)
    keep = valid[:, None]
    saved = save((i, f, g, o), narrow, cell, shown, keep)
    carry = jnp.where(keep, o * shown, hidden), jnp.where(keep, new, cell)
    return carry, saved

  start = jnp.zeros((inputs.shape[1], width), inputs.dtype)
  return lax.scan(step, (start, start), (inputs, mask))


def _factors(gates, hidden, cell, shown, keep):
  """The state before a step, and the factors of cotangents in its VJP.

  From the hidden state to the cell, from a cell to the previous one, and from
  both to the gates before their nonlinearities.
  """
  i, f, g, o = gates
  by_hidden = o * (1 - shown**2)
  by_gates = [
    g * i * (1 - i),
    cell * f * (1 - f),
    i * (1 - g**2),
    shown * o * (1 - o),
  ]
  zero_at_padding = [
    jnp.where(keep, x, 0) for x in (by_hidden, jnp.concatenate(by_gates, -1))
  ]
  by_cell = jnp.where(keep, f, 1)
  return hidden, (zero_at_padding[0], by_cell, zero_at_padding[1])


def product(x, kernel):
  """A matrix product in the operands' dtype, accumulated in float32.

  Args:
    x: `[..., C]`.
    kernel: `[C, D]`.

  Returns:
    `[..., D]`, in float32.
  """
  over = (((x.ndim - 1,), (0,)), ((), ()))
  return lax.dot_general(x, kernel, over, preferred_element_type=jnp.float32)
