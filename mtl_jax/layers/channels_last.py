"""Convolution and pooling of images in the layout `[B, H, W, C]`."""

import flax.linen as nn
from jaxtyping import Array, Float

from mtl_jax.layers import images
from mtl_jax.layers.convolution import conv as convolution

Images = Float[Array, 'batch height width channels']


def conv(
  x: Images,
  kernel: Float[Array, 'k k channels out'],
  stride: int = 1,
  padding: str = 'SAME',
) -> Float[Array, 'batch newheight newwidth out']:
  """Convolution of images.

  Args:
    x: images.
    kernel: a square kernel.
    stride: stride of both axes.
    padding: 'SAME' or 'VALID'.

  Returns:
    Images of the new size.
  """
  window = convolution.window(*x.shape[1:3], len(kernel), stride, padding)
  return images.leave(convolution.conv(images.enter(x), kernel, window))


def max_pool(
  x: Images,
) -> Float[Array, 'batch height//2 width//2 channels']:
  """2 x 2 max pooling; an odd last row or column is dropped."""
  return images.leave(images.max_pool(images.enter(x)))


class Conv(images.Conv):
  """Convolution of images `[B, H, W, C]`; fields as in `images.Conv`."""

  @nn.compact
  def __call__(
    self, x: Images
  ) -> Float[Array, 'batch newheight newwidth {self.features}']:
    return images.leave(super().__call__(images.enter(x)))
