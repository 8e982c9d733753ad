"""U-Net: the decoder reads the features of its encoder beside its own.

Ronneberger, Fischer, Brox, MICCAI 2015, arXiv:1505.04597; with padding, batch
normalization and bilinear interpolation.
"""

import functools

import flax.linen as nn
import jax.numpy as jnp

from mtl_jax.layers import map_heads, pooling, resizing
from mtl_jax.layers.skips import Skips

DENSE = True
WIDTHS = {'widths': ''}


class Down(nn.Module):
  """Convolutions, whose features are kept, and pooling.

  Attributes:
    width: number of channels.
    depth: number of convolutions.
    multiple: of which height and width of the pictures must be; 0 where this
      is not the first stage.
  """

  width: int
  depth: int
  multiple: int

  @nn.compact
  def __call__(self, x, train):
    x, skips = map_heads.entered(x, self.multiple, 'unet')
    x = map_heads.Block(self.width, self.depth)(x, train)
    return Skips(pooling.max_pool(x), (*skips, x))


class Bottom(nn.Module):
  """Convolutions at the smallest size.

  Attributes:
    width: number of channels.
    depth: number of convolutions.
  """

  width: int
  depth: int

  @nn.compact
  def __call__(self, x, train):
    return Skips(
      map_heads.Block(self.width, self.depth)(x.values, train), x.skips
    )


class Up(nn.Module):
  """Enlarges, joins the newest kept features, and convolves.

  Attributes:
    width: number of channels.
    depth: number of convolutions.
  """

  width: int
  depth: int

  @nn.compact
  def __call__(self, x, train):
    *skips, kept = x.skips
    joined = jnp.concatenate([resizing.upsample(x.values, 2), kept], -1)
    block = map_heads.Block(self.width, self.depth)
    return Skips(block(joined, train), tuple(skips))


def make(widths: tuple[int, ...] = (16, 32, 64), depth: int = 2) -> tuple:
  """Makes the stages: downwards, the bottom, and upwards.

  Args:
    widths: number of channels of each size; the last is that of the bottom.
    depth: number of convolutions of each stage.

  Returns:
    The module factories, 2 n - 1 for n widths.

  Raises:
    ValueError: there are fewer than two widths, or no convolution.
  """
  if len(widths) < 2 or depth < 1:
    raise ValueError(
      f'widths {widths} and depth {depth}: give two widths or more, and 1 '
      'convolution or more'
    )
  multiple = 2 ** (len(widths) - 1)
  down = [
    functools.partial(Down, width, depth, 0 if i else multiple)
    for i, width in enumerate(widths[:-1])
  ]
  up = [functools.partial(Up, width, depth) for width in widths[-2::-1]]
  return (*down, functools.partial(Bottom, widths[-1], depth), *up)


def dense_head(
  outputs: int, widths: tuple[int, ...], depth: int
) -> functools.partial:
  """The published head: a 1 x 1 convolution.

  Args:
    outputs: number of channels of the map.
    widths: not used.
    depth: not used.
  """
  del widths, depth
  return functools.partial(map_heads.MapHead, outputs)
