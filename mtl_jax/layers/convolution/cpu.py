"""Convolution and its gradients on CPUs, in the fastest of three ways.

Images are `[C, H, W, B]`, kernels `[k, k, C, F]`. Single pixels are one matrix
product, as are few channels and kernels of 5 x 5 and more, see `by_blocks`;
there a stride s is removed first: `s x s` pixels become channels. The rest is
XLA's operation, as is the gradient to any kernel below 5 x 5.
"""

import jax.numpy as jnp

from mtl_jax.layers.convolution import by_blocks, native
from mtl_jax.layers.convolution.space_to_depth import (
  fit,
  to_channels,
  to_pixels,
)
from mtl_jax.layers.matmul import matmul, overlap


def forward(x, kernel, window):
  """Convolution.

  Args:
    x: images, `[C, H, W, B]`.
    kernel: `[k, k, C, F]`.
    window: geometry.

  Returns:
    `[F, H', W', B]`.
  """
  if _single(window):
    return matmul(kernel[0, 0].T, x)
  block = _block(window, *kernel.shape[2:])
  if not block:
    return native.forward(x, kernel, window, native.channels_last)
  x = _unstrided(x, window, _out_size(x.shape[1:3], window))
  return by_blocks.convolve(x, _spread(kernel, window), block)


def to_input(cotangent, kernel, window, size):
  """Gradient with respect to the images.

  Args:
    cotangent: of the output, `[F, H', W', B]`.
    kernel: `[k, k, C, F]`.
    window: geometry.
    size: height and width of the images.

  Returns:
    `[C, *size, B]`.
  """
  if _single(window):
    return matmul(kernel[0, 0], cotangent)
  block = _block(window, *kernel.shape[2:])
  if not block:
    return native.to_input(
      cotangent, kernel, window, size, native.channels_last
    )
  x = by_blocks.to_input(cotangent, _spread(kernel, window), block)
  return _strided(x, window, size)


def to_kernel(x, cotangent, window):
  """Gradient with respect to the kernel.

  Args:
    x: images, `[C, H, W, B]`.
    cotangent: of the output, `[F, H', W', B]`.
    window: geometry.

  Returns:
    `[k, k, C, F]`.
  """
  if _single(window):
    return overlap(x, cotangent)[None, None]
  block = _block(window, len(x), len(cotangent))
  # The batch is in the place of channels here: few channels cost nothing.
  if not block or window.size < by_blocks.LARGE_KERNEL:
    return native.to_kernel(x, cotangent, window, native.channels_last)
  x = _unstrided(x, window, cotangent.shape[1:3])
  size = x.shape[1] - cotangent.shape[1] + 1
  gradient = by_blocks.to_kernel(x, cotangent, size, block)
  return _gathered(gradient, window, len(x))


def _single(window):
  """Whether the kernel is one pixel, and every pixel is read."""
  return window.size == window.stride == 1


def _block(window, channels, features):
  """Side of the output blocks, or 0 for XLA's operation."""
  if window.dilation > 1:
    return 0
  size = -(-window.size // window.stride)  # rounded up
  return by_blocks.side(size, channels * window.stride**2, features)


def _out_size(size, window):
  pads = (window.rows, window.columns)
  return tuple(
    (whole + sum(pad) - window.size) // window.stride + 1
    for whole, pad in zip(size, pads, strict=True)
  )


def _unstrided(x, window, out):
  """Pads, moves `s x s` pixels to channels, and drops unused pixels."""
  s, k = window.stride, -(-window.size // window.stride)
  ends = [
    (low, (n + k - 1) * s - whole - low)
    for whole, (low, _), n in zip(
      x.shape[1:3], (window.rows, window.columns), out, strict=True
    )
  ]
  return to_channels(fit(x, ends), s)


def _strided(x, window, size):
  """Undoes `_unstrided`: back to `size` pixels."""
  x = to_pixels(x, window.stride)
  lows = (window.rows[0], window.columns[0])
  ends = [
    (-low, whole + low - have)
    for whole, low, have in zip(size, lows, x.shape[1:3], strict=True)
  ]
  return fit(x, ends)


def _spread(kernel, window):
  """`[k, k, C, F]` to `[k/s, k/s, s*s*C, F]`, with zeros to fill."""
  s = window.stride
  if s == 1:
    return kernel
  k, _, c, f = kernel.shape
  n = -(-k // s)  # rounded up
  kernel = jnp.pad(kernel, ((0, n * s - k), (0, n * s - k), (0, 0), (0, 0)))
  kernel = kernel.reshape(n, s, n, s, c, f).transpose(0, 2, 1, 3, 4, 5)
  return kernel.reshape(n, n, s * s * c, f)


def _gathered(kernel, window, channels):
  """Undoes `_spread`."""
  s, k = window.stride, window.size
  if s == 1:
    return kernel
  n, c, f = len(kernel), channels // (s * s), kernel.shape[-1]
  kernel = kernel.reshape(n, n, s, s, c, f).transpose(0, 2, 1, 3, 4, 5)
  return kernel.reshape(n * s, n * s, c, f)[:k, :k]
