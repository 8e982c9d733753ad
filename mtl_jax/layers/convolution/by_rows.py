"""Convolution with many channels and a small kernel as a matrix product.

The k shifts along a row are stacked, one product computes the partial sums of k
kernel rows, and these are added. Stride 1, no padding.
"""

import jax.numpy as jnp

from mtl_jax.layers.convolution.space_to_depth import fit
from mtl_jax.layers.matmul import matmul, overlap


def convolve(x, kernel):
  """Convolution.

  Args:
    x: images, `[C, H, W, B]`.
    kernel: `[k, k, C, F]`.

  Returns:
    `[F, H - k + 1, W - k + 1, B]`.
  """
  k, _, c, f = kernel.shape
  shifts = _row_shifts(x, k)
  _, height, width, batch = shifts.shape
  rows = kernel.transpose(0, 3, 1, 2).reshape(k * f, k * c)
  parts = matmul(rows, shifts).reshape(k, f, height, width, batch)
  out = height - k + 1
  return sum(parts[i, :, i : i + out] for i in range(k))


def to_input(cotangent, kernel, lows, size):
  """Gradient with respect to the images: the flipped kernel's convolution.

  Args:
    cotangent: of the output, `[F, H', W', B]`.
    kernel: `[k, k, C, F]`.
    lows: number of leading pixels to drop, per axis.
    size: number of pixels to return after these, per axis.

  Returns:
    `[C, *size, B]`.
  """
  reach = len(kernel) - 1
  ends = [
    (reach - low, whole + low - out)
    for low, whole, out in zip(lows, size, cotangent.shape[1:3], strict=True)
  ]
  return convolve(fit(cotangent, ends), kernel[::-1, ::-1].swapaxes(2, 3))


def to_kernel(x, cotangent, k):
  """Gradient with respect to the kernel, as one product.

  Args:
    x: images, `[C, H, W, B]`.
    cotangent: of the output, `[F, H', W', B]`.
    k: kernel size.

  Returns:
    `[k, k, C, F]`.
  """
  c, f = x.shape[0], cotangent.shape[0]
  shifts = _row_shifts(x, k)
  parts = jnp.concatenate(
    [fit(cotangent, [(i, k - 1 - i), (0, 0)]) for i in range(k)]
  )
  return overlap(parts, shifts).reshape(k, f, k, c).transpose(0, 2, 3, 1)


def _row_shifts(x, size):
  """`[C, H, W, B]` to `[k*C, H*W', B]`: the k shifts along a row."""
  width = x.shape[2] - size + 1
  shifts = [x[:, :, i : i + width] for i in range(size)]
  return jnp.concatenate(shifts) if size > 1 else x
