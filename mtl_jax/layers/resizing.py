"""Layers that change the size of pictures, `[B, H, W, C]`."""

import jax.numpy as jnp
from jax import lax

from mtl_jax.layers.images import Images, Out


def check_size(x: Images, multiple: int, encoder: str) -> None:
  """Checks that pictures can be halved and doubled again.

  Args:
    x: `[B, H, W, C]`.
    multiple: which height and width must be.
    encoder: name of the encoder, for the error message.

  Raises:
    ValueError: they are not.
  """
  height, width = x.shape[1:3]
  if height % multiple or width % multiple:
    raise ValueError(
      f'{encoder} takes pictures whose height and width are multiples of '
      f'{multiple}, and these are {height} x {width}; crop or resize them, or '
      'give it fewer stages'
    )


def upsample(x: Images, factor: int) -> Out:
  """Bilinear interpolation; borders are repeated.

  Args:
    x: `[B, H, W, C]`.
    factor: by which height and width grow.

  Returns:
    `[B, factor H, factor W, C]`.
  """
  if factor == 1:
    return x
  return _along(_along(x, factor, 1), factor, 2)


def _along(x: Images, factor: int, axis: int) -> Out:
  """Interpolates along one axis, by shifts instead of a matrix or a gather."""
  size = x.shape[axis]
  before = lax.slice_in_dim(x, 0, 1, axis=axis)
  after = lax.slice_in_dim(x, size - 1, size, axis=axis)
  wide = jnp.concatenate([before, x, after], axis)
  phases = []
  for i in range(factor):
    # The centre of the new pixel, in old pixels from the centre of the old one.
    shift = (i + 0.5) / factor - 0.5
    start = 1 + (-1 if shift < 0 else 0)
    share = shift - (-1 if shift < 0 else 0)
    low = lax.slice_in_dim(wide, start, start + size, axis=axis)
    high = lax.slice_in_dim(wide, start + 1, start + 1 + size, axis=axis)
    phases.append((1 - share) * low + share * high)
  shape = list(x.shape)
  shape[axis] *= factor
  return jnp.stack(phases, axis + 1).reshape(shape)
