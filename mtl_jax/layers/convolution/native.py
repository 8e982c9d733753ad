"""Convolution and its gradients by XLA's own operation.

Both gradients are written as forward convolutions: those that JAX derives are
slow on CPUs, and cannot be mapped over towers and task losses at once.
"""

from collections.abc import Callable

import jax.numpy as jnp
from jax import lax
from jax.custom_batching import custom_vmap

# Orders of axes: of the images, of the kernel, and of what comes out.
PLANES = 'CHWN', 'HWIO', 'CHWN'
CHANNELS_LAST = 'NHWC', 'HWIO', 'NHWC'
UNROLLED = 8  # convolutions; more are a loop, which is a third slower

Convolve = Callable[..., jnp.ndarray]  # as `lax.conv_general_dilated`


def forward(x, kernel, window, convolve: Convolve):
  """Convolution.

  Args:
    x: images, `[C, H, W, B]`.
    kernel: `[k, k, C, F]`.
    window: geometry.
    convolve: the operation.

  Returns:
    `[F, H', W', B]`.
  """
  return convolve(
    x,
    kernel,
    window_strides=(window.stride,) * 2,
    padding=(window.rows, window.columns),
    rhs_dilation=(window.dilation,) * 2,
    dimension_numbers=PLANES,
  )


def to_input(cotangent, kernel, window, size, convolve: Convolve):
  """Gradient with respect to the images, with the flipped kernel.

  Args:
    cotangent: of the output, `[F, H', W', B]`.
    kernel: `[k, k, C, F]`.
    window: geometry.
    size: height and width of the images.
    convolve: the operation.

  Returns:
    `[C, *size, B]`.
  """
  pads = [
    (window.reach - low, low + whole - 1 - (out - 1) * window.stride)
    for whole, (low, _), out in _axes(window, size, cotangent)
  ]
  return convolve(
    cotangent,
    kernel[::-1, ::-1].swapaxes(2, 3),
    window_strides=(1, 1),
    padding=pads,
    lhs_dilation=(window.stride,) * 2,
    rhs_dilation=(window.dilation,) * 2,
    dimension_numbers=PLANES,
  )


def to_kernel(x, cotangent, window, convolve: Convolve):
  """Gradient with respect to the kernel: the cotangent is the kernel here.

  Channels and batch change places.

  Args:
    x: images, `[C, H, W, B]`.
    cotangent: of the output, `[F, H', W', B]`.
    window: geometry.
    convolve: the operation.

  Returns:
    `[k, k, C, F]`.
  """
  pads = [
    (low, (out - 1) * window.stride + window.reach + 1 - whole - low)
    for whole, (low, _), out in _axes(window, x.shape[1:3], cotangent)
  ]
  return convolve(
    x,
    cotangent,
    window_strides=(window.dilation,) * 2,
    padding=pads,
    rhs_dilation=(window.stride,) * 2,
    dimension_numbers=('NHWC', 'OHWI', 'HWNC'),
  )


def _axes(window, size, cotangent):
  """Of height and of width: pixels, padding, and pixels of the output."""
  pads = window.rows, window.columns
  return zip(size, pads, cotangent.shape[1:3], strict=True)


def channels_last(x, kernel, *, dimension_numbers, **fields):
  """The operation with the channels last, which alone is fast on CPUs.

  It is never called with groups of channels, which XLA has where images and
  kernels are mapped, six times slower.

  Args:
    x: images.
    kernel: the kernel.
    dimension_numbers: orders of the axes.
    **fields: others of `lax.conv_general_dilated`.

  Returns:
    The convolution.
  """
  images, kernels, result = dimension_numbers
  out = _ungrouped(fields)(
    _ordered(x, images, CHANNELS_LAST[0]),
    _ordered(kernel, kernels, CHANNELS_LAST[1]),
  )
  return _ordered(out, CHANNELS_LAST[2], result)


def _ordered(array, axes, wanted):
  return array.transpose([axes.index(axis) for axis in wanted])


def _ungrouped(fields):
  """The operation; mapped, it has more images, more outputs, or is a loop."""

  @custom_vmap
  def one(x, kernel):
    return lax.conv_general_dilated(
      x, kernel, dimension_numbers=CHANNELS_LAST, **fields
    )

  @one.def_vmap
  def mapped(count, axes, x, kernel):
    if axes == [True, False]:
      # The batch is the major part, since devices may have parts of it.
      rows = x.swapaxes(0, 1)
      out = one(rows.reshape(-1, *x.shape[2:]), kernel)
      return out.reshape(*rows.shape[:2], *out.shape[1:]).swapaxes(0, 1), True
    if axes == [False, True]:
      wide = jnp.moveaxis(kernel, 0, 3)
      out = one(x, wide.reshape(*wide.shape[:3], -1))
      out = out.reshape(*out.shape[:3], count, -1)
      return jnp.moveaxis(out, 3, 0), True

    def at(i):
      return one(x[i], kernel[i])

    if count > UNROLLED:
      return lax.map(at, jnp.arange(count)), True
    return jnp.stack([at(i) for i in range(count)]), True

  return one
