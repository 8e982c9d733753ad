"""Residual network of 18 layers, He, Zhang, Ren, Sun, arXiv:1512.03385."""

from mtl_jax.encoders import resnet

WIDTHS = {'width': ''}


def make(width: int = 64, norm: str = 'batch', stem: str = 'small') -> tuple:
  """Four stages of two blocks, `width` channels at first, doubled thrice.

  `stem='small'` is for images of 32 pixels (CIFAR), `'large'` for those of 224
  (ImageNet).
  """
  widths = tuple(width * 2**i for i in range(4))
  return resnet.make(widths, (2, 2, 2, 2), norm, stem)
