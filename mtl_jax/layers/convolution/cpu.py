"""Convolution and its gradients as matrix products, for CPUs.

Images are `[C, H, W, B]`, kernels `[k, k, C, F]`. A stride s is removed first:
`s x s` pixels become channels. The rest is one of two kinds of product,
`by_blocks` or `by_rows`.
"""

import jax.numpy as jnp

from mtl_jax.layers.convolution import by_blocks, by_rows
from mtl_jax.layers.convolution.space_to_depth import (
  fit,
  to_channels,
  to_pixels,
)


def forward(x, kernel, window):
  """Convolution.

  Args:
    x: images, `[C, H, W, B]`.
    kernel: `[k, k, C, F]`.
    window: geometry.

  Returns:
    `[F, H', W', B]`.
  """
  out = _out_size(x.shape[1:3], window)
  x, kernel = _unstrided(x, window, out), _spread(kernel, window)
  block = by_blocks.side(*kernel.shape[1:])
  if block:
    return by_blocks.convolve(x, kernel, block)
  return by_rows.convolve(x, kernel)


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
  kernel = _spread(kernel, window)
  block = by_blocks.side(*kernel.shape[1:])
  if not block and window.stride == 1:
    # Gradients of the padding are not computed.
    lows = window.rows[0], window.columns[0]
    return by_rows.to_input(cotangent, kernel, lows, size)
  reach = len(kernel) - 1
  gradient = (
    by_blocks.to_input(cotangent, kernel, block)
    if block
    else by_rows.to_input(
      cotangent, kernel, (0, 0), [n + reach for n in cotangent.shape[1:3]]
    )
  )
  return _strided(gradient, window, size)


def to_kernel(x, cotangent, window):
  """Gradient with respect to the kernel.

  Args:
    x: images, `[C, H, W, B]`.
    cotangent: of the output, `[F, H', W', B]`.
    window: geometry.

  Returns:
    `[k, k, C, F]`.
  """
  x = _unstrided(x, window, cotangent.shape[1:3])
  size = x.shape[1] - cotangent.shape[1] + 1
  block = by_blocks.side(size, len(x), len(cotangent))
  gradient = (
    by_blocks.to_kernel(x, cotangent, size, block)
    if block
    else by_rows.to_kernel(x, cotangent, size)
  )
  return _gathered(gradient, window, len(x))


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
