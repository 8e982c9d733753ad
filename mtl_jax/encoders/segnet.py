"""SegNet: the decoder puts features back where its encoder found the maxima.

Badrinarayanan, Kendall, Cipolla, PAMI 2017, arXiv:1511.00561; depths and heads
as in the network of MTAN (Liu, Johns, Davison, CVPR 2019, arXiv:1803.10704).
"""

import functools

import flax.linen as nn

from mtl_jax.layers import map_heads, pooling
from mtl_jax.layers.skips import Inside, Skips

DENSE = True
WIDTHS = {'widths': ''}
DEEP = 2  # the first stage that has three convolutions instead of two


class Down(nn.Module):
  """Convolutions and pooling; keeps the places of the maxima.

  Attributes:
    width: number of channels.
    depth: number of convolutions.
    multiple: of which height and width of the pictures must be; 0 where this
      is not the first stage.
  """

  width: int
  depth: int
  multiple: int

  def __call__(self, x, train):
    return self.inside(x, train).output

  @nn.compact
  def inside(self, x, train):
    """Attention reads its first convolution, and masks its last one."""
    x, skips = map_heads.entered(x, self.multiple, 'segnet')
    first, *_, last = map_heads.Block(self.width, self.depth).each(x, train)
    pooled, places = pooling.pool_with_places(last)
    return Inside(first, last, Skips(pooled, (*skips, places)))


class Up(nn.Module):
  """Unpooling with the newest places, then convolutions.

  Attributes:
    width: number of output channels.
    depth: number of convolutions.
  """

  width: int
  depth: int

  def __call__(self, x, train):
    return self.inside(x, train).output

  @nn.compact
  def inside(self, x, train):
    """Attention reads what is unpooled, and masks the last convolution."""
    *skips, places = x.skips
    first = pooling.unpool(x.values, places)
    last = map_heads.Block(self.width, self.depth)(first, train)
    return Inside(first, last, Skips(last, tuple(skips)))


def make(widths: tuple[int, ...] = (64, 128, 256, 512, 512)) -> tuple:
  """Makes the stages: one per width downwards, and as many upwards.

  Args:
    widths: number of channels of each stage; each halves the picture.

  Returns:
    The module factories.

  Raises:
    ValueError: there is no width.
  """
  if not widths:
    raise ValueError('widths is empty; give one number of channels per stage')
  depths = [2 if i < DEEP else 3 for i in range(len(widths))]
  multiple = 2 ** len(widths)
  down = [
    functools.partial(Down, width, depth, 0 if i else multiple)
    for i, (width, depth) in enumerate(zip(widths, depths, strict=True))
  ]
  outputs = (widths[0], *widths[:-1])
  up = [
    functools.partial(Up, width, depth)
    for width, depth in zip(outputs, depths, strict=True)
  ]
  return (*down, *up[::-1])


def dense_head(outputs: int, widths: tuple[int, ...]) -> functools.partial:
  """The head of MTAN's network: 3 x 3, then 1 x 1.

  Args:
    outputs: number of channels of the map.
    widths: of the encoder.
  """
  return functools.partial(map_heads.MapHead, outputs, widths[0])
