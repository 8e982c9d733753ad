"""Convolution, pooling and recurrent cells that encoders are made of.

A convolution here is a matrix product of shifted slices: on a CPU the native
one is slow inside a scan, its gradients most of all, and nowhere can JAX map
its weight gradient over towers and task losses at once.
"""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtl_jax.attention import AttentionBlock
from mtl_jax.dense import Dense
from mtl_jax.recurrence import LSTM
from mtl_jax.sequence import Sequence, embed

__all__ = [
  'LSTM',
  'AttentionBlock',
  'Conv',
  'Dense',
  'Images',
  'Sequence',
  'conv',
  'embed',
  'max_pool',
]

Images = Float[Array, 'batch height width channels']


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
