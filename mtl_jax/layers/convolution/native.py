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
UNROLLED = 8  # mapped convolutions; more are a loop, which is a little slower

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

  It is called for one kernel at a time: where that is mapped, XLA has groups of
  channels, six times slower.

  Args:
    x: images.
    kernel: the kernel.
    dimension_numbers: orders of the axes.
    **fields: others of `lax.conv_general_dilated`.

  Returns:
    The convolution.
  """
  images, kernels, result = dimension_numbers
  out = _one_by_one(fields)(
    _ordered(x, images, CHANNELS_LAST[0]),
    _ordered(kernel, kernels, CHANNELS_LAST[1]),
  )
  return _ordered(out, CHANNELS_LAST[2], result)


def _ordered(array, axes, wanted):
  return array.transpose([axes.index(axis) for axis in wanted])


def _one_by_one(fields):
  """The operation; its `vmap` is so many operations."""

  @custom_vmap
  def one(x, kernel):
    return lax.conv_general_dilated(
      x, kernel, dimension_numbers=CHANNELS_LAST, **fields
    )

  @one.def_vmap
  def mapped(count, axes, *operands):
    def at(i):
      return one(
        *(a[i] if own else a for a, own in zip(operands, axes, strict=True))
      )

    if count > UNROLLED:
      return lax.map(at, jnp.arange(count)), True
    return jnp.stack([at(i) for i in range(count)]), True

  return one
