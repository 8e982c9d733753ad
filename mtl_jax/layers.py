"""Convolution, pooling and recurrent cells that encoders are made of.

A convolution here is a matrix product of shifted slices: on a CPU the native
one is slow inside a scan, its gradients most of all, and nowhere can JAX map
its weight gradient over towers and task losses at once.
"""

from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float

Images = Float[Array, 'batch height width channels']


class Sequence(NamedTuple):
  """Features of a padded sequence; `mask` is True at what is no padding."""

  values: Float[Array, 'batch length channels']
  mask: Bool[Array, 'batch length']


def conv(
  x: Images, kernel: Float[Array, 'k k channels out']
) -> Float[Array, 'batch height width out']:
  """Convolution with stride 1 and zero padding that keeps the size."""
  size, _, channels, width = kernel.shape
  before = (size - 1) // 2
  around = (before, size - 1 - before)
  padded = jnp.pad(x, ((0, 0), around, around, (0, 0)))
  _, height, length, _ = x.shape
  shifted = [
    padded[:, i : i + height, j : j + length]
    for i in range(size)
    for j in range(size)
  ]
  patches = jnp.concatenate(shifted, axis=-1)  # [B, H, W, k*k*C]
  return patches @ kernel.reshape(size * size * channels, width)


def max_pool(
  x: Images,
) -> Float[Array, 'batch height//2 width//2 channels']:
  """Maximum over 2 x 2 windows; an odd last row or column is left out."""
  # Four strided slices: several times faster on a CPU than reduce_window.
  height, width = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
  x = x[:, :height, :width]
  top = jnp.maximum(x[:, ::2, ::2], x[:, ::2, 1::2])
  bottom = jnp.maximum(x[:, 1::2, ::2], x[:, 1::2, 1::2])
  return jnp.maximum(top, bottom)


class Conv(nn.Module):
  """`conv` with its parameters: `features` output channels, k x k kernel."""

  features: int
  size: int

  @nn.compact
  def __call__(
    self, x: Images
  ) -> Float[Array, 'batch height width {self.features}']:
    shape = (self.size, self.size, x.shape[-1], self.features)
    kernel = self.param('kernel', nn.initializers.lecun_normal(), shape)
    bias = self.param('bias', nn.initializers.zeros, (self.features,))
    return conv(x, kernel) + bias[None, None, None]


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
