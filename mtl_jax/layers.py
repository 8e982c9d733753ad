"""What encoders are made of, and nothing else: fast on CPU, GPU and TPU.

A layer is lowered for the platform that it runs on. On a CPU convolution is a
product of matrices, elsewhere the native one; parameters are the same, and so
are results to rounding.
"""

import flax.linen as nn
from jaxtyping import Array, Float

from mtl_jax import convolution, planes
from mtl_jax.attention import AttentionBlock
from mtl_jax.dense import Dense
from mtl_jax.gated import GRU
from mtl_jax.recurrence import LSTM
from mtl_jax.sequence import Sequence, embed

__all__ = [
  'GRU',
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
  x: Images,
  kernel: Float[Array, 'k k channels out'],
  stride: int = 1,
  padding: str = 'SAME',
) -> Float[Array, 'batch newheight newwidth out']:
  """Convolution of images with the batch first; padding 'SAME' or 'VALID'."""
  window = convolution.window(*x.shape[1:3], len(kernel), stride, padding)
  return planes.leave(convolution.conv(planes.enter(x), kernel, window))


def max_pool(
  x: Images,
) -> Float[Array, 'batch height//2 width//2 channels']:
  """Maximum over 2 x 2 windows; an odd last row or column is left out."""
  return planes.leave(planes.max_pool(planes.enter(x)))


class Conv(planes.Conv):
  """`planes.Conv` of images with the batch first."""

  @nn.compact
  def __call__(
    self, x: Images
  ) -> Float[Array, 'batch newheight newwidth {self.features}']:
    return planes.leave(super().__call__(planes.enter(x)))
