"""Residual network of 18 layers, He, Zhang, Ren, Sun, arXiv:1512.03385."""

from mtl_jax.encoders import resnet

WIDTHS = {'width': ''}


def make(width: int = 64, norm: str = 'batch', stem: str = 'small') -> tuple:
  """Makes the stages: the stem, and four stages of two blocks.

  Args:
    width: number of channels of the first stage; each later one has twice as
      many as the one before.
    norm: batch or group normalization.
    stem: small, for images of 32 pixels (CIFAR), or large, for those of 224
      (ImageNet).

  Returns:
    The module factories.
  """
  widths = tuple(width * 2**i for i in range(4))
  return resnet.make(widths, (2, 2, 2, 2), norm, stem)
