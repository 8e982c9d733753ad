"""What predicts a map: blocks of convolutions, and heads that end in one."""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtl_jax.layers import images, norms, resizing
from mtl_jax.layers.images import Images, Out
from mtl_jax.layers.skips import split

Maps = Float[Array, 'batch height width outputs']


def entered(
  features: Any, multiple: int, encoder: str
) -> tuple[Images, tuple[Any, ...]]:
  """What a stage of an encoder reads, and what is kept beside it.

  Args:
    features: pictures, or features of the stage before.
    multiple: of which height and width of pictures must be; 0 where these are
      features.
    encoder: its name, for the error message.

  Raises:
    ValueError: pictures of another size, or no pictures.
  """
  values, skips = split(features)
  if not multiple:
    return values, skips
  values = images.pixels(values, encoder)
  resizing.check_size(values, multiple, encoder)
  return values, skips


def read(features: Any) -> Images:
  """What a head reads.

  Raises:
    ValueError: a scheme gives vectors to its heads.
  """
  values = split(features)[0]
  if values.ndim != 4:
    raise ValueError(
      f'a head of maps reads maps, and this scheme gives it {values.shape}: it '
      'mixes pooled vectors; take mmoe, cgc or hard for dense tasks'
    )
  return values


class Block(nn.Module):
  """`depth` 3 x 3 convolutions, each normalised and rectified.

  Attributes:
    width: number of output channels.
    depth: number of convolutions.
  """

  width: int
  depth: int = 2

  def __call__(self, x: Images, train: bool) -> Out:
    return self.each(x, train)[-1]

  @nn.compact
  def each(self, x: Images, train: bool) -> list[Out]:
    """The output of each convolution."""
    outputs = []
    for _ in range(self.depth):
      x = images.Conv(self.width, 3, use_bias=False)(x)
      x = nn.relu(norms.BatchNorm()(x, train))
      outputs.append(x)
    return outputs


class MapHead(nn.Module):
  """A head of convolutions: 3 x 3 if it has a width, then 1 x 1.

  Attributes:
    outputs: number of channels of the map.
    width: channels between both convolutions; 0 leaves the first out.
    factor: by which the map is then enlarged.
  """

  outputs: int
  width: int = 0
  factor: int = 1

  @nn.compact
  def __call__(self, features: Any) -> Maps:
    x = read(features)
    if self.width:
      x = images.Conv(self.width, 3)(x)
    x = images.Conv(self.outputs, 1)(x)
    return resizing.upsample(x, self.factor)


class PyramidHead(nn.Module):
  """Atrous spatial pyramid pooling, Chen et al., arXiv:1706.05587.

  It has group instead of batch normalization, since heads of all tasks are the
  same in training and evaluation.

  Attributes:
    outputs: number of channels of the map.
    width: channels of each branch.
    rates: dilations of the 3 x 3 branches.
    factor: by which the map is then enlarged.
  """

  outputs: int
  width: int
  rates: tuple[int, ...]
  factor: int

  @nn.compact
  def __call__(self, features: Any) -> Maps:
    x = read(features)
    whole = x.mean((1, 2), keepdims=True)
    branches = [self.unit(x, 1), *(self.unit(x, 3, r) for r in self.rates)]
    pooled = images.Conv(self.width, 1)(whole)  # One pixel has no spread.
    branches.append(jnp.broadcast_to(nn.relu(pooled), branches[0].shape))
    x = self.unit(jnp.concatenate(branches, -1), 1)
    x = images.Conv(self.outputs, 1)(self.unit(x, 3))
    return resizing.upsample(x, self.factor)

  def unit(self, x: Images, size: int, dilation: int = 1) -> Out:
    """A convolution, normalised and rectified."""
    x = images.Conv(self.width, size, use_bias=False, dilation=dilation)(x)
    return nn.relu(norms.GroupNorm()(x, True))
