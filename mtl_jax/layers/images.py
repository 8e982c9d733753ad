"""Images as `[C, H, W, B]` while convolutions work on them.

A stage begins with `enter` and ends with `leave`, so that its features are
`[B, H, W, C]` outside; between two stages the pair costs nothing, XLA takes
both out.
"""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Shaped

from mtl_jax.layers.convolution import conv
from mtl_jax.layers.convolution.conv import Planes


def pixels(images: Shaped[Array, '...'], encoder: str) -> Planes:
  """`[B, H, W, C]`, bytes or floats, as planes; bytes are scaled to 0..1.

  Raises:
    ValueError: these are no images; `encoder` is named.
  """
  if images.ndim != 4:
    raise ValueError(
      f'{encoder} takes images [rows, height, width, channels], not '
      f'{images.shape}; use encoder mlp for vectors, lstm for words'
    )
  if images.dtype == jnp.uint8:
    images = images / 255
  return enter(images)


def enter(
  images: Shaped[Array, 'batch height width channels'],
) -> Shaped[Array, 'channels height width batch']:
  """The batch axis last."""
  return images.transpose(3, 1, 2, 0)


def leave(
  planes: Shaped[Array, 'channels height width batch'],
) -> Shaped[Array, 'batch height width channels']:
  """The batch axis first."""
  return planes.transpose(3, 1, 2, 0)


class Conv(nn.Module):
  """Convolution with a square kernel; padding 'SAME' or 'VALID'."""

  features: int
  size: int
  stride: int = 1
  padding: str = 'SAME'
  use_bias: bool = True

  @nn.compact
  def __call__(self, x: Planes) -> conv.Out:
    channels, height, width, _ = x.shape
    shape = (self.size, self.size, channels, self.features)
    kernel = self.param('kernel', nn.initializers.lecun_normal(), shape)
    window = conv.window(height, width, self.size, self.stride, self.padding)
    x = conv.conv(x, kernel, window)
    if not self.use_bias:
      return x
    bias = self.param('bias', nn.initializers.zeros, (self.features,))
    return x + bias[:, None, None, None]


@jax.custom_vjp
def max_pool(x: Planes) -> conv.Out:
  """Maximum over 2 x 2 windows; an odd last row or column is left out.

  The gradient goes to the first of equal maxima.
  """
  # Four strided slices: several times faster on a CPU than reduce_window.
  return functools.reduce(jnp.maximum, _corners(x))


def _pool_forward(x):
  return max_pool(x), x


def _pool_backward(x, cotangent):
  free = jnp.ones(cotangent.shape, bool)
  largest, parts = max_pool(x), []
  for corner in _corners(x):
    first = free & (corner == largest)
    parts.append(jnp.where(first, cotangent, 0))
    free &= ~first
  rows = [jnp.stack(parts[i : i + 2], axis=3) for i in (0, 2)]
  c, height, width, batch = cotangent.shape
  pixels = jnp.stack(rows, axis=2).reshape(c, 2 * height, 2 * width, batch)
  odd = [(0, n % 2) for n in x.shape[1:3]]
  return (jnp.pad(pixels, [(0, 0), *odd, (0, 0)]),)


max_pool.defvjp(_pool_forward, _pool_backward)


def overlapping_max_pool(x: Planes) -> conv.Out:
  """Maximum over 3 x 3 windows, two pixels apart, padded by one."""
  height, width = (-(-n // 2) for n in x.shape[1:3])
  pad = [(0, 0), (1, 1), (1, 1), (0, 0)]
  x = jnp.pad(x, pad, constant_values=-jnp.inf)
  windows = [
    x[:, i : i + 2 * height : 2, j : j + 2 * width : 2][:, :height, :width]
    for i in range(3)
    for j in range(3)
  ]
  return functools.reduce(jnp.maximum, windows)


def _corners(x):
  """The four pixels of all windows, row by row: `[C, H/2, W/2, B]` each."""
  x = x[:, : x.shape[1] // 2 * 2, : x.shape[2] // 2 * 2]
  return [x[:, i::2, j::2] for i in (0, 1) for j in (0, 1)]


class BatchNorm(nn.Module):
  """Ioffe and Szegedy, ICML 2015; running statistics decay by 0.9."""

  @nn.compact
  def __call__(self, x: Planes, train: bool) -> Planes:
    norm = nn.BatchNorm(use_running_average=not train, momentum=0.9, axis=0)
    return norm(x)


class GroupNorm(nn.Module):
  """Wu and He, ECCV 2018: each row by itself, so that batches do not matter.

  Up to `groups` groups, as many as divide the channels.
  """

  groups: int = 8
  epsilon: float = 1e-5

  @nn.compact
  def __call__(self, x: Planes, train: bool) -> Planes:
    del train
    channels = len(x)
    groups = next(g for g in range(self.groups, 0, -1) if channels % g == 0)
    parts = x.astype(jnp.float32).reshape(groups, -1, x.shape[-1])
    mean = parts.mean(1, keepdims=True)
    spread = jnp.square(parts - mean).mean(1, keepdims=True)
    parts = (parts - mean) * jax.lax.rsqrt(spread + self.epsilon)
    scale = self.param('scale', nn.initializers.ones, (channels,))
    bias = self.param('bias', nn.initializers.zeros, (channels,))
    scale, bias = (p[:, None, None, None] for p in (scale, bias))
    return (parts.reshape(x.shape) * scale + bias).astype(x.dtype)
