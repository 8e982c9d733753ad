"""LeNet of Sener and Koltun, arXiv:1810.04650, and of Kurin et al. (2022).

Its last stage is private to a task in both: `hard` with `split_at` 3. Without
padding, pictures of 28 x 28 pixels have 320 inputs of the first dense layer.
The published code does not divide by the share that dropout keeps, so that its
features are twice as large when it is evaluated; here they are divided.
"""

import functools

import flax.linen as nn
import jax.numpy as jnp

from mtl_jax.encoders import lenet
from mtl_jax.layers.dropout import Dropout

WIDTHS = {'channels': '', 'width': ''}


class Dropped(nn.Module):
  """A block of LeNet with dropout of channels, the same for a whole batch.

  The published code drops channels before pooling and ReLU, which is the same:
  both keep zeros and positive factors.

  Attributes:
    channels: number of output channels.
    size: kernel size.
    dropout: dropout rate.
  """

  channels: int
  size: int
  dropout: float

  @nn.compact
  def __call__(self, x, train):
    x = lenet.Block(self.channels, self.size, 'VALID')(x, train)
    kept = jnp.ones((1, 1, 1, self.channels), x.dtype)
    return x * Dropout(self.dropout, deterministic=not train)(kept)


def make(
  channels: tuple[int, int] = (10, 20),
  size: int = 5,
  width: int = 50,
  dropout: float = 0.5,
) -> tuple:
  """Makes four stages: two convolutions and two dense layers.

  Args:
    channels: numbers of channels of the convolutions.
    size: size of both kernels.
    width: number of channels of each dense layer.
    dropout: dropout rate, of the channels of the second convolution and after
      the last stage.

  Returns:
    The module factories.
  """
  first, second = channels
  return (
    functools.partial(lenet.Block, first, size, 'VALID'),
    functools.partial(Dropped, second, size, dropout),
    functools.partial(lenet.Top, width, 0.0),
    functools.partial(lenet.Top, width, dropout),
  )
