"""LeNet: convolution and pooling, then one dense layer.

LeCun, Bottou, Bengio, Haffner, Proceedings of the IEEE 86 (1998), with ReLU,
zero padding ('VALID': none) and any number of kernels.
"""

import functools

import flax.linen as nn

from mtl_jax import layers
from mtl_jax.layers import batch_last, images, pooling
from mtl_jax.layers.dropout import Dropout

WIDTHS = {'channels': '', 'width': ''}


class Block(nn.Module):
  """Convolution, 2 x 2 max pooling, ReLU. Bytes are scaled to [0, 1].

  Attributes:
    channels: number of output channels.
    size: kernel size.
    padding: 'SAME' or 'VALID'.
  """

  channels: int
  size: int
  padding: str

  @nn.compact
  def __call__(self, x, train):
    conv = batch_last.Conv(self.channels, self.size, self.padding)
    x = conv(batch_last.enter(images.pixels(x, 'lenet')))
    return batch_last.leave(nn.relu(pooling.max_pool(x)))


class Top(nn.Module):
  """Flatten, dense, ReLU, dropout.

  Attributes:
    width: number of output channels.
    dropout: dropout rate.
  """

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
  """Makes the stages: one per convolution, and the dense layer.

  Args:
    channels: number of channels of each convolution.
    size: kernel size of all convolutions, unless `sizes` is given.
    width: number of channels of the dense layer.
    dropout: dropout rate, after the dense layer.
    padding: 'SAME' or 'VALID'.
    sizes: kernel size of each convolution.

  Returns:
    The module factories.

  Raises:
    ValueError: `sizes` and `channels` differ in length.
  """
  sizes = sizes or (size,) * len(channels)
  if len(sizes) != len(channels):
    raise ValueError(f'sizes {sizes}: give one for each of channels {channels}')
  blocks = tuple(
    functools.partial(Block, c, k, padding)
    for c, k in zip(channels, sizes, strict=True)
  )
  return (*blocks, functools.partial(Top, width, dropout))
