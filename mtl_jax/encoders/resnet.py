"""Residual network of basic blocks, after a convolutional stem.

He, Zhang, Ren, Sun, CVPR 2016, arXiv:1512.03385. The small stem is the one for
CIFAR, 3 x 3 without pooling; the large one, 7 x 7 with pooling, the one for
ImageNet. Task heads read the mean over positions.
"""

import functools

import flax.linen as nn

from mtl_jax.layers import images, norms, pooling

WIDTHS = {'widths': ''}
NORMS = {'batch': norms.BatchNorm, 'group': norms.GroupNorm}


class Stem(nn.Module):
  """One convolution; bytes are scaled to [0, 1].

  Attributes:
    width: number of output channels.
    norm: batch or group.
    size: small, or large, which divides height and width by 4.
  """

  width: int
  norm: str
  size: str

  @nn.compact
  def __call__(self, x, train):
    large = self.size == 'large'
    size, stride = (7, 2) if large else (3, 1)
    conv = images.Conv(self.width, size, stride, use_bias=False)
    x = conv(images.pixels(x, 'resnet'))
    x = nn.relu(NORMS[self.norm]()(x, train))
    return pooling.overlapping_max_pool(x) if large else x


class Block(nn.Module):
  """Two 3 x 3 convolutions and the shortcut around them.

  Attributes:
    width: number of output channels.
    stride: stride of the first convolution.
    norm: batch or group.
    dilation: of both convolutions, where the stride is 1.
  """

  width: int
  stride: int
  norm: str
  dilation: int = 1

  @nn.compact
  def __call__(self, x, train):
    norm = NORMS[self.norm]
    far = {'use_bias': False, 'dilation': self.dilation}
    h = images.Conv(self.width, 3, self.stride, **far)(x)
    h = nn.relu(norm()(h, train))
    h = images.Conv(self.width, 3, **far)(h)
    h = norm()(h, train)
    if self.stride > 1 or x.shape[-1] != self.width:
      x = images.Conv(self.width, 1, self.stride, use_bias=False)(x)
      x = norm()(x, train)
    return nn.relu(h + x)


class Stage(nn.Module):
  """`depth` blocks of one width.

  Attributes:
    width: number of output channels.
    depth: number of blocks.
    stride: stride of the first block.
    norm: batch or group.
    dilation: of the convolutions; those with a stride have none.
  """

  width: int
  depth: int
  stride: int
  norm: str
  dilation: int = 1

  @nn.compact
  def __call__(self, x, train):
    for i in range(self.depth):
      stride = self.stride if i == 0 else 1
      far = self.dilation if stride == 1 else 1
      x = Block(self.width, stride, self.norm, far)(x, train)
    return x


def make(
  widths: tuple[int, ...] = (16, 32, 64),
  depths: tuple[int, ...] = (1, 1, 1),
  norm: str = 'batch',
  stem: str = 'small',
) -> tuple:
  """Makes the stages: the stem, then one stage per width.

  Each stage after the first of them halves the image.

  Args:
    widths: number of channels of each stage.
    depths: number of blocks of each stage.
    norm: batch or group normalization.
    stem: small or large.

  Returns:
    The module factories.

  Raises:
    ValueError: a field is none of these, or the lengths differ.
  """
  if len(widths) != len(depths) or not widths:
    raise ValueError(
      f'widths {widths} and depths {depths}: give one depth per width'
    )
  check(norm, stem)
  stages = tuple(
    functools.partial(Stage, width, depth, 1 if i == 0 else 2, norm)
    for i, (width, depth) in enumerate(zip(widths, depths, strict=True))
  )
  return (functools.partial(Stem, widths[0], norm, stem), *stages)


def check(norm: str, stem: str) -> None:
  """Checks two fields.

  Args:
    norm: batch or group.
    stem: small or large.

  Raises:
    ValueError: one is something else.
  """
  if norm not in NORMS:
    raise ValueError(f'norm is {norm!r}; take one of {", ".join(NORMS)}')
  if stem not in ('small', 'large'):
    raise ValueError(f'stem is {stem!r}; take small or large')
