"""Layers that change the size of pictures, in the layout `[C, H, W, B]`."""

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int8

from mtl_jax.layers.convolution.conv import Out, Planes
from mtl_jax.layers.images import max_pool


def check_size(planes: Planes, multiple: int, encoder: str) -> None:
  """Checks that pictures can be halved and doubled again.

  Args:
    planes: `[C, H, W, B]`.
    multiple: which height and width must be.
    encoder: name of the encoder, for the error message.

  Raises:
    ValueError: they are not.
  """
  height, width = planes.shape[1:3]
  if height % multiple or width % multiple:
    raise ValueError(
      f'{encoder} takes pictures whose height and width are multiples of '
      f'{multiple}, and these are {height} x {width}; crop or resize them, or '
      'give it fewer stages'
    )


def pool_with_places(
  planes: Planes,
) -> tuple[
  Float[Array, 'channels newheight newwidth batch'],
  Int8[Array, 'channels newheight newwidth batch'],
]:
  """2 x 2 max pooling, and which pixel of each window is its maximum.

  Args:
    planes: `[C, H, W, B]` of even height and width.

  Returns:
    The maxima, and the numbers of their pixels, row by row from 0 to 3; the
    first of equal ones.
  """
  windows = [planes[:, i::2, j::2] for i in (0, 1) for j in (0, 1)]
  places = jnp.argmax(lax.stop_gradient(jnp.stack(windows)), axis=0)
  return max_pool(planes), places.astype(jnp.int8)


def unpool(
  planes: Planes, places: Int8[Array, 'channels height width batch']
) -> Out:
  """Puts values where the maxima were, and zeros elsewhere.

  Badrinarayanan, Kendall, Cipolla, PAMI 2017, arXiv:1511.00561.

  Args:
    planes: `[C, H, W, B]`.
    places: of `pool_with_places`.

  Returns:
    `[C, 2 H, 2 W, B]`.
  """
  parts = [jnp.where(places == i, planes, 0) for i in range(4)]
  rows = [jnp.stack(parts[i : i + 2], axis=3) for i in (0, 2)]
  c, height, width, batch = planes.shape
  return jnp.stack(rows, axis=2).reshape(c, 2 * height, 2 * width, batch)


def upsample(planes: Planes, factor: int) -> Out:
  """Bilinear interpolation; borders are repeated.

  Args:
    planes: `[C, H, W, B]`.
    factor: by which height and width grow.

  Returns:
    `[C, factor H, factor W, B]`.
  """
  if factor == 1:
    return planes
  return _along(_along(planes, factor, 1), factor, 2)


def _along(planes: Planes, factor: int, axis: int) -> Out:
  """Interpolates along one axis, by shifts instead of a matrix or a gather."""
  size = planes.shape[axis]
  before = lax.slice_in_dim(planes, 0, 1, axis=axis)
  after = lax.slice_in_dim(planes, size - 1, size, axis=axis)
  wide = jnp.concatenate([before, planes, after], axis)
  phases = []
  for i in range(factor):
    # The centre of the new pixel, in old pixels from the centre of the old one.
    shift = (i + 0.5) / factor - 0.5
    start = 1 + (-1 if shift < 0 else 0)
    share = shift - (-1 if shift < 0 else 0)
    low = lax.slice_in_dim(wide, start, start + size, axis=axis)
    high = lax.slice_in_dim(wide, start + 1, start + 1 + size, axis=axis)
    phases.append((1 - share) * low + share * high)
  shape = list(planes.shape)
  shape[axis] *= factor
  return jnp.stack(phases, axis + 1).reshape(shape)
