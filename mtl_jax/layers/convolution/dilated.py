"""Convolution with a dilated kernel."""

import jax.numpy as jnp
from jaxtyping import Array

from mtl_jax.layers.convolution import conv as plain
from mtl_jax.layers.convolution.conv import Kernel, Out, Planes
from mtl_jax.layers.convolution.space_to_depth import fit
from mtl_jax.layers.matmul import matmul

# With larger steps much of a small picture's kernel lies outside of it.
LARGE = 4


def conv(planes: Planes, kernel: Kernel, dilation: int) -> Out:
  """Convolution with a dilated kernel of stride 1; the size stays.

  Args:
    planes: `[C, H, W, B]`.
    kernel: square and of odd size, `[k, k, C, out]`.
    dilation: distance between the pixels that the kernel reads.

  Returns:
    `[out, H, W, B]`.
  """
  by = _by_taps if dilation > LARGE else _by_pictures
  return by(planes, kernel, dilation)


def _by_taps(planes: Planes, kernel: Kernel, dilation: int) -> Out:
  """One product per pixel of the kernel, where what it reads is inside."""
  size, reach = planes.shape[1:3], len(kernel) // 2
  steps = [dilation * i for i in range(-reach, reach + 1)]
  total = matmul(kernel[reach, reach].T, planes)
  for row, down in zip(kernel, steps, strict=True):
    for tap, right in zip(row, steps, strict=True):
      inside = abs(down) < size[0] and abs(right) < size[1]
      if inside and (down or right):
        total += _tap(planes, tap, (down, right))
  return total


def _tap(planes: Planes, tap: Array, steps: tuple[int, int]) -> Out:
  """`tap[c, f] * planes[c, y + down, x + right]`, 0 where that is outside."""
  read = [(-max(n, 0), -max(-n, 0)) for n in steps]
  written = [(max(-n, 0), max(n, 0)) for n in steps]
  return fit(matmul(tap.T, fit(planes, read)), written)


def _by_pictures(planes: Planes, kernel: Kernel, dilation: int) -> Out:
  """Every so many pixels make a picture, where the kernel is not dilated."""
  c, height, width, batch = planes.shape
  short = [-height % dilation, -width % dilation]
  pad = [(0, 0), *[(0, n) for n in short], (0, 0)]
  own = jnp.pad(planes, pad)
  rows, columns = (n // dilation for n in own.shape[1:3])
  own = own.reshape(c, rows, dilation, columns, dilation, batch)
  own = own.transpose(0, 1, 3, 2, 4, 5).reshape(c, rows, columns, -1)
  window = plain.window(rows, columns, len(kernel), 1, 'SAME')
  out = plain.conv(own, kernel, window)
  out = out.reshape(-1, rows, columns, dilation, dilation, batch)
  out = out.transpose(0, 1, 3, 2, 4, 5)
  shape = (-1, rows * dilation, columns * dilation, batch)
  return out.reshape(shape)[:, :height, :width]
