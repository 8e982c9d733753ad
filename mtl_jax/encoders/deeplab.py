"""DeepLab v3: a residual network whose last stages are dilated, not halved.

Chen, Papandreou, Schroff, Adam, arXiv:1706.05587, with basic blocks.
"""

import functools
import math

import flax.linen as nn

from mtl_jax.encoders import resnet
from mtl_jax.layers import images, map_heads, resizing

DENSE = True
WIDTHS = {'widths': '', 'head': ''}


class Stem(nn.Module):
  """The stem of `resnet`, of pictures of the right size.

  Attributes:
    width: number of output channels.
    norm: batch or group.
    size: small, or large, which divides height and width by 4.
    multiple: of which height and width of the pictures must be.
  """

  width: int
  norm: str
  size: str
  multiple: int

  @nn.compact
  def __call__(self, x, train):
    resizing.check_size(images.pixels(x, 'deeplab'), self.multiple, 'deeplab')
    return resnet.Stem(self.width, self.norm, self.size)(x, train)


def make(
  widths: tuple[int, ...] = (64, 128, 256, 512),
  depths: tuple[int, ...] = (2, 2, 2, 2),
  strides: tuple[int, ...] = (1, 2, 1, 1),
  dilations: tuple[int, ...] = (1, 1, 2, 4),
  norm: str = 'batch',
  stem: str = 'large',
  head: int = 256,
  rates: tuple[int, ...] = (12, 24, 36),
) -> tuple:
  """Makes the stages: the stem, then one stage per width.

  Args:
    widths: number of channels of each stage.
    depths: number of blocks of each stage.
    strides: by which each stage divides height and width.
    dilations: of the convolutions of each stage.
    norm: batch or group normalization.
    stem: small, or large, which divides height and width by 4.
    head: channels of the branches of a task's head.
    rates: dilations of its 3 x 3 branches.

  Returns:
    The module factories.

  Raises:
    ValueError: a field is none of these, or the lengths differ.
  """
  del head, rates
  lengths = {len(x) for x in (widths, depths, strides, dilations)}
  if len(lengths) > 1 or not widths:
    raise ValueError(
      f'widths {widths}, depths {depths}, strides {strides} and dilations '
      f'{dilations}: give one of each per stage'
    )
  resnet.check(norm, stem)
  stages = [
    functools.partial(resnet.Stage, width, depth, stride, norm, dilation)
    for width, depth, stride, dilation in zip(
      widths, depths, strides, dilations, strict=True
    )
  ]
  first = functools.partial(Stem, widths[0], norm, stem, _factor(stem, strides))
  return (first, *stages)


def dense_head(
  outputs: int,
  *,
  strides: tuple[int, ...],
  stem: str,
  head: int,
  rates: tuple[int, ...],
  **others,
) -> functools.partial:
  """The pyramid of the paper, which each task has for itself.

  Args:
    outputs: number of channels of the map.
    strides: of the encoder.
    stem: of the encoder.
    head: channels of a branch.
    rates: dilations of the branches.
    **others: not used.
  """
  del others
  factor = _factor(stem, strides)
  return functools.partial(
    map_heads.PyramidHead, outputs, head, tuple(rates), factor
  )


def _factor(stem: str, strides: tuple[int, ...]) -> int:
  return (4 if stem == 'large' else 1) * math.prod(strides)
