"""Convolution with a dilated kernel."""

import jax.numpy as jnp

from mtl_jax.layers.convolution import conv as plain
from mtl_jax.layers.convolution.conv import Kernel, Out, Planes


def conv(planes: Planes, kernel: Kernel, dilation: int) -> Out:
  """Convolution with a dilated kernel of stride 1; the size stays.

  Every so many pixels make a picture of their own, on which the kernel is not
  dilated, so that the fast convolution serves.

  Args:
    planes: `[C, H, W, B]`.
    kernel: square, `[k, k, C, out]`.
    dilation: distance between the pixels that the kernel reads.

  Returns:
    `[out, H, W, B]`.
  """
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
