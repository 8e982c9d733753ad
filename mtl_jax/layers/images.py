"""Layers for images, `[B, H, W, C]`."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, Shaped

from mtl_jax.layers import batch_last
from mtl_jax.layers.convolution import conv as convolution
from mtl_jax.layers.convolution import dilated

Images = Float[Array, 'batch height width channels']
Out = Float[Array, 'batch newheight newwidth out']


def pixels(images: Shaped[Array, '...'], encoder: str) -> Images:
  """Checks images; bytes are scaled to [0, 1].

  Args:
    images: `[B, H, W, C]`, bytes or floats.
    encoder: name of the encoder, for the error message.

  Returns:
    `[B, H, W, C]`, floats.

  Raises:
    ValueError: the input is not images.
  """
  if images.ndim != 4:
    raise ValueError(
      f'{encoder} takes images [rows, height, width, channels], not '
      f'{images.shape}; use encoder mlp for vectors, lstm for words'
    )
  return images / 255 if images.dtype == jnp.uint8 else images


def conv(
  x: Images,
  kernel: Float[Array, 'k k channels out'],
  stride: int = 1,
  padding: str = 'SAME',
) -> Out:
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
  if len(kernel) == stride == 1:
    return x @ kernel[0, 0]
  # XLA removes transpositions that undo each other, here and in the function.
  planes = batch_last.enter(x)
  return batch_last.leave(convolution.conv(planes, kernel, window))


class Conv(nn.Module):
  """Convolution with a square kernel.

  Attributes:
    features: number of output channels.
    size: kernel size.
    stride: stride of both axes.
    padding: 'SAME' or 'VALID'.
    use_bias: whether a bias is added.
    dilation: distance between the pixels that the kernel reads; more than 1
      takes an odd size, stride 1 and 'SAME'.
  """

  features: int
  size: int
  stride: int = 1
  padding: str = 'SAME'
  use_bias: bool = True
  dilation: int = 1

  @nn.compact
  def __call__(
    self, x: Images
  ) -> Float[Array, 'batch newheight newwidth {self.features}']:
    shape = (self.size, self.size, x.shape[-1], self.features)
    kernel = self.param('kernel', nn.initializers.lecun_normal(), shape)
    # Schemes try shapes with fresh parameters, float32 where features are not.
    x, kernel = nn.dtypes.promote_dtype(x, kernel)
    if self.dilation > 1:
      if self.stride > 1 or self.padding != 'SAME' or self.size % 2 == 0:
        raise ValueError(
          f'dilation {self.dilation} takes an odd size, stride 1 and padding '
          f"'SAME', not {self.size}, {self.stride} and {self.padding!r}"
        )
      x = dilated.conv(x, kernel, self.dilation)
    else:
      x = conv(x, kernel, self.stride, self.padding)
    if not self.use_bias:
      return x
    bias = self.param('bias', nn.initializers.zeros, (self.features,))
    return x + bias[None, None, None]
