"""Times the convolutions of towers: grouped, or as a batched matrix product.

A worker for `benchmarks.speed.gpu`, started as `python -m
benchmarks.speed.towers K` for K towers. It reports the milliseconds of a
forward and backward pass of each way.
"""

import functools
import sys
import time

import jax
import jax.numpy as jnp
from jax import lax

from benchmarks.speed import worker

ROWS, SIDE, CHANNELS, SIZE = 64, 28, 32, 3  # SIZE is of a kernel
REPEATS = 20
LAYOUT = ('NHWC', 'HWIO', 'NHWC')


def grouped(x, kernels):
  """Convolves under vmap, which makes it a grouped convolution.

  Args:
    x: images `[K, B, H, W, C]`.
    kernels: `[K, size, size, C, out]`.

  Returns:
    `[K, B, H, W, out]`.
  """
  one = functools.partial(
    lax.conv_general_dilated,
    window_strides=(1, 1),
    padding='SAME',
    dimension_numbers=LAYOUT,
  )
  return jax.vmap(one)(x, kernels)


def product(x, kernels):
  """Concatenates shifted images, then takes one matrix product per tower.

  Args:
    x: images `[K, B, H, W, C]`.
    kernels: `[K, size, size, C, out]`, with an odd size.

  Returns:
    `[K, B, H, W, out]`.
  """
  towers, size, _, channels, out = kernels.shape
  near = size // 2
  around = ((0, 0), (0, 0), (near, near), (near, near), (0, 0))
  padded = jnp.pad(x, around)
  high, wide = x.shape[2:4]
  patches = jnp.concatenate(
    [
      padded[:, :, i : i + high, j : j + wide]
      for i in range(size)
      for j in range(size)
    ],
    axis=-1,
  )
  # In the order of the concatenation above: row, column, channel.
  flat = kernels.reshape(towers, size * size * channels, out)
  return jnp.einsum('tbhwp,tpo->tbhwo', patches, flat)


WAYS = {'grouped': grouped, 'product': product}


def milliseconds(way, towers: int, dtype: str) -> float:
  """Returns the lowest time of several forward and backward passes.

  Args:
    way: `grouped` or `product`.
    towers: how many.
    dtype: of images and kernels.
  """
  x = jnp.ones((towers, ROWS, SIDE, SIDE, CHANNELS), dtype)
  kernels = jnp.ones((towers, SIZE, SIZE, CHANNELS, CHANNELS), dtype)

  def loss(x, kernels):
    return jnp.square(way(x, kernels).astype(jnp.float32)).mean()

  # Gradients of images and kernels: both backward convolutions are timed.
  both = jax.jit(jax.grad(loss, argnums=(0, 1))).lower(x, kernels).compile()
  return 1000 * min(_seconds(both, x, kernels) for _ in range(REPEATS))


def _seconds(function, *arguments) -> float:
  began = time.perf_counter()
  jax.block_until_ready(function(*arguments))
  return time.perf_counter() - began


def start(towers: str):
  """Times all ways and types; the argument is from the command line."""
  times = {
    f'{name} {dtype}': milliseconds(way, int(towers), dtype)
    for name, way in WAYS.items()
    for dtype in ('float32', 'bfloat16')
  }
  return lambda steps: steps, {'copies': 1, 'ms': times}


if __name__ == '__main__':
  worker.serve(lambda: start(sys.argv[1]))
