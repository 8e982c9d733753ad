"""LeNet: convolution and pooling, then one dense layer.

LeCun, Bottou, Bengio, Haffner, Proceedings of the IEEE 86 (1998), with ReLU,
zero padding ('VALID': none) and any number of kernels.
"""

import functools

import flax.linen as nn

from mtl_jax import layers
from mtl_jax.layers import images
from mtl_jax.layers.dropout import Dropout

WIDTHS = {'channels': '', 'width': ''}


class Block(nn.Module):
  """Convolution, 2 x 2 maximum, ReLU. Bytes are scaled to 0..1."""

  channels: int
  size: int
  padding: str

  @nn.compact
  def __call__(self, x, train):
    conv = images.Conv(self.channels, self.size, padding=self.padding)
    x = conv(images.pixels(x, 'lenet'))
    return images.leave(nn.relu(images.max_pool(x)))


class Top(nn.Module):
  """Flatten, dense, ReLU, dropout."""

  width: int
  dropout: float

  @nn.compact
  def __call__(self, x, train):
    x = nn.relu(layers.Dense(self.width)(x.reshape(x.shape[0], -1)))
    return Dropout(self.dropout, deterministic=not train)(x)


def make(
  channels: tuple[int, ...] = (10, 20),
  size: int = 5,
  width: int = 50,
  dropout: float = 0.0,
  padding: str = 'SAME',
  sizes: tuple[int, ...] = (),
) -> tuple:
  """One stage per convolution and one for the dense layer.

  `size` is that of all kernels, unless `sizes` has one for each.
  """
  sizes = sizes or (size,) * len(channels)
  if len(sizes) != len(channels):
    raise ValueError(f'sizes {sizes}: give one for each of channels {channels}')
  blocks = tuple(
    functools.partial(Block, c, k, padding)
    for c, k in zip(channels, sizes, strict=True)
  )
  return (*blocks, functools.partial(Top, width, dropout))
