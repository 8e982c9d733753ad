"""Layers for images in the layout `[C, H, W, B]`.

A stage begins with `enter` and ends with `leave`, so that its features are
`[B, H, W, C]` outside. Between two stages the pair costs nothing: XLA removes
both transpositions.
"""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Shaped

from mtl_jax.layers.convolution import conv, dilated
from mtl_jax.layers.convolution.conv import Planes


def pixels(images: Shaped[Array, '...'], encoder: str) -> Planes:
  """Converts images to planes; bytes are scaled to [0, 1].

  Args:
    images: `[B, H, W, C]`, bytes or floats.
    encoder: name of the encoder, for the error message.

  Returns:
    `[C, H, W, B]`.

  Raises:
    ValueError: the input is not images.
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
  """Moves the batch axis from first to last: `[C, H, W, B]`."""
  return images.transpose(3, 1, 2, 0)


def leave(
  planes: Shaped[Array, 'channels height width batch'],
) -> Shaped[Array, 'batch height width channels']:
  """Moves the batch axis from last to first: `[B, H, W, C]`."""
  return planes.transpose(3, 1, 2, 0)


class Conv(nn.Module):
  """Convolution with a square kernel.

  Attributes:
    features: number of output channels.
    size: kernel size.
    stride: stride of both axes.
    padding: 'SAME' or 'VALID'.
    use_bias: whether a bias is added.
    dilation: distance between the pixels that the kernel reads; more than 1
      takes stride 1 and 'SAME'.
  """

  features: int
  size: int
  stride: int = 1
  padding: str = 'SAME'
  use_bias: bool = True
  dilation: int = 1

  @nn.compact
  def __call__(self, x: Planes) -> conv.Out:
    channels, height, width, _ = x.shape
    shape = (self.size, self.size, channels, self.features)
    kernel = self.param('kernel', nn.initializers.lecun_normal(), shape)
    # Schemes try shapes with fresh parameters, float32 where features are not.
    x, kernel = nn.dtypes.promote_dtype(x, kernel)
    if self.dilation > 1:
      x = dilated.conv(x, kernel, self.dilation)
    else:
      fields = self.size, self.stride, self.padding
      x = conv.conv(x, kernel, conv.window(height, width, *fields))
    if not self.use_bias:
      return x
    bias = self.param('bias', nn.initializers.zeros, (self.features,))
    return x + bias[:, None, None, None]


@jax.custom_vjp
def max_pool(x: Planes) -> conv.Out:
  """2 x 2 max pooling; an odd last row or column is dropped.

  The gradient goes to the first of equal maxima.
  """
  # Four strided slices are several times faster on a CPU than reduce_window.
  return functools.reduce(jnp.maximum, _corners(x))


def _pool_forward(x):
  return max_pool(x), x


def _pool_backward(x, cotangent):
  # Windows whose gradient is not yet assigned to a pixel.
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
  """3 x 3 max pooling with stride 2, padded by one pixel."""
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
  """Ioffe and Szegedy, ICML 2015; momentum of running statistics 0.9."""

  @nn.compact
  def __call__(self, x: Planes, train: bool) -> Planes:
    if train and x.size == len(x):
      raise ValueError(
        'BatchNorm cannot normalise one value per channel: a batch of one row '
        'whose features are one pixel; take config.batch_size of 2 or more, '
        'larger pictures or fewer stages'
      )
    norm = nn.BatchNorm(use_running_average=not train, momentum=0.9, axis=0)
    return norm(x)


class GroupNorm(nn.Module):
  """Wu and He, ECCV 2018: rows are normalized independently of the batch.

  Attributes:
    groups: largest number of groups; the largest divisor of the channels up to
      it is used.
    epsilon: added to the variance.
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
