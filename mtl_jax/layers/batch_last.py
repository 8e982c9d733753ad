"""Convolution of few channels, in the layout `[C, H, W, B]`.

A stage begins with `enter` and ends with `leave`, so that its features are
`[B, H, W, C]` outside. Between two stages the pair costs nothing: XLA removes
both transpositions.
"""

import flax.linen as nn
from jaxtyping import Array, Shaped

from mtl_jax.layers.convolution import conv
from mtl_jax.layers.convolution.conv import Planes


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
  """Convolution with a square kernel and a bias.

  Attributes:
    features: number of output channels.
    size: kernel size.
    padding: 'SAME' or 'VALID'.
  """

  features: int
  size: int
  padding: str = 'SAME'

  @nn.compact
  def __call__(self, x: Planes) -> conv.Out:
    channels, height, width, _ = x.shape
    shape = (self.size, self.size, channels, self.features)
    kernel = self.param('kernel', nn.initializers.lecun_normal(), shape)
    bias = self.param('bias', nn.initializers.zeros, (self.features,))
    # Schemes try shapes with fresh parameters, float32 where features are not.
    x, kernel = nn.dtypes.promote_dtype(x, kernel)
    x = conv.conv(
      x, kernel, conv.window(height, width, self.size, 1, self.padding)
    )
    return x + bias[:, None, None, None]
