"""Pooling of images, `[B, H, W, C]`.

Height and width of planes, `[C, H, W, B]`, have the same places, so that all
this holds for planes too.
"""

import functools

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int8

from mtl_jax.layers.images import Images, Out

Places = Int8[Array, 'batch height width channels']


@jax.custom_vjp
def max_pool(x: Images) -> Out:
  """2 x 2 max pooling; an odd last row or column is dropped.

  The gradient goes to the first of equal maxima.
  """
  # Four strided slices are several times faster on a CPU than reduce_window.
  return functools.reduce(jnp.maximum, _corners(x))


def _pool_forward(x):
  largest = max_pool(x)
  # Only the size of the images is used, so that XLA does not keep them.
  return largest, (x, _places(x, largest))


def _pool_backward(operands, cotangent):
  x, places = operands
  odd = [(0, n % 2) for n in x.shape[1:3]]
  return (jnp.pad(unpool(cotangent, places), [(0, 0), *odd, (0, 0)]),)


max_pool.defvjp(_pool_forward, _pool_backward)


def pool_with_places(
  x: Images,
) -> tuple[Out, Int8[Array, 'batch newheight newwidth out']]:
  """2 x 2 max pooling, and which pixel of each window is its maximum.

  Args:
    x: of even height and width.

  Returns:
    The maxima, and the numbers of their pixels, row by row from 0 to 3; the
    first of equal ones.
  """
  largest = max_pool(x)
  return largest, _places(*jax.lax.stop_gradient((x, largest)))


@jax.custom_vjp
def unpool(x: Images, places: Places) -> Out:
  """Puts values where the maxima were, and zeros elsewhere.

  Badrinarayanan, Kendall, Cipolla, PAMI 2017, arXiv:1511.00561.

  Args:
    x: the values.
    places: of `pool_with_places`.

  Returns:
    Images of twice the height and width.
  """
  pixels = jnp.arange(4, dtype=places.dtype).reshape(1, 1, 2, 1, 2, 1)
  first, height, width, last = x.shape
  there = places[:, :, None, :, None] == pixels
  found = jnp.where(there, x[:, :, None, :, None], 0)
  # XLA would compute it again, more slowly, where a gradient reads it.
  return jax.lax.optimization_barrier(
    found.reshape(first, 2 * height, 2 * width, last)
  )


def _unpool_backward(places, cotangent):
  parts = [
    jnp.where(places == i, corner, 0)
    for i, corner in enumerate(_corners(cotangent))
  ]
  return functools.reduce(jnp.add, parts), None


unpool.defvjp(lambda x, places: (unpool(x, places), places), _unpool_backward)


def overlapping_max_pool(x: Images) -> Out:
  """3 x 3 max pooling with stride 2, padded by one pixel."""
  height, width = (-(-n // 2) for n in x.shape[1:3])
  pad = [(0, 0), (1, 1), (1, 1), (0, 0)]
  x = jnp.pad(x, pad, constant_values=-jnp.inf)
  windows = [
    x[:, i : i + 2 * height : 2, j : j + 2 * width : 2][:, :height, :width]
    for i in range(3)
    for j in range(3)
  ]
  return functools.reduce(jnp.maximum, windows)


def _corners(x):
  """The four pixels of all windows, row by row: `[B, H/2, W/2, C]` each."""
  x = x[:, : x.shape[1] // 2 * 2, : x.shape[2] // 2 * 2]
  return [x[:, i::2, j::2] for i in (0, 1) for j in (0, 1)]


def _places(x, largest):
  """Numbers of the first pixels of windows that are the largest, or NaN."""
  found = jnp.full(largest.shape, 3, jnp.int8)
  for i, corner in reversed([*enumerate(_corners(x)[:3])]):
    first = (corner == largest) | jnp.isnan(corner)
    found = jnp.where(first, jnp.int8(i), found)
  return found
