"""Convolution of images with the batch axis last, `[C, H, W, B]`.

On a CPU it is one matrix product: the native operation is slow inside a scan,
and its gradients most of all. With the batch last, slices and shifts move long
contiguous runs of memory. Elsewhere it is the native operation. Both gradients
are written as forward convolutions, which `vmap` can batch over towers and task
losses at once; the gradient of the kernel that JAX derives cannot be.
"""

import functools
from typing import NamedTuple

import jax
from jax import lax
from jaxtyping import Array, Float

from mtl_jax.layers.convolution import cpu

Planes = Float[Array, 'channels height width batch']
Out = Float[Array, 'out newheight newwidth batch']
Kernel = Float[Array, 'k k channels out']


class Window(NamedTuple):
  """Geometry of a convolution.

  Attributes:
    size: kernel size.
    stride: stride of both axes.
    rows: zero padding before and after the rows.
    columns: zero padding before and after the columns.
  """

  size: int
  stride: int
  rows: tuple[int, int]
  columns: tuple[int, int]


def window(
  height: int, width: int, size: int, stride: int, padding: str
) -> Window:
  """Resolves 'SAME' or 'VALID' as XLA does.

  Args:
    height: of the images.
    width: of the images.
    size: kernel size.
    stride: stride of both axes.
    padding: 'SAME' or 'VALID'.

  Returns:
    The geometry.

  Raises:
    ValueError: another padding, or an image smaller than the kernel.
  """
  if padding not in ('SAME', 'VALID'):
    raise ValueError(f"padding is {padding!r}; take 'SAME' or 'VALID'")
  if padding == 'VALID' and min(height, width) < size:
    raise ValueError(
      f'images of {height} x {width} are smaller than the kernel, {size} x '
      f"{size}; take a smaller size or padding='SAME'"
    )
  pads = lax.padtype_to_pads(
    (height, width), (size, size), (stride, stride), padding
  )
  return Window(size, stride, *(tuple(map(int, pad)) for pad in pads))


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def conv(x: Planes, kernel: Kernel, window: Window) -> Out:
  """Cross-correlation, summed over channels, as `jax.lax.conv`.

  Args:
    x: images.
    kernel: a square kernel.
    window: geometry.

  Returns:
    Images of the new size.
  """
  return lax.platform_dependent(
    x,
    kernel,
    cpu=functools.partial(cpu.forward, window=window),
    default=functools.partial(_native, window=window),
  )


def _forward(x, kernel, window):
  return conv(x, kernel, window), (x, kernel)


def _backward(window, operands, cotangent):
  x, kernel = operands
  size = x.shape[1:3]
  to_input = lax.platform_dependent(
    cotangent,
    kernel,
    cpu=functools.partial(cpu.to_input, window=window, size=size),
    default=functools.partial(_native_to_input, window=window, size=size),
  )
  to_kernel = lax.platform_dependent(
    x,
    cotangent,
    cpu=functools.partial(cpu.to_kernel, window=window),
    default=functools.partial(_native_to_kernel, window=window),
  )
  return to_input, to_kernel


conv.defvjp(_forward, _backward)


def _native(x, kernel, window):
  return lax.conv_general_dilated(
    x,
    kernel,
    (window.stride,) * 2,
    (window.rows, window.columns),
    dimension_numbers=('CHWN', 'HWIO', 'CHWN'),
  )


def _native_to_input(cotangent, kernel, window, size):
  """The cotangent, dilated by the stride, with the flipped kernel."""
  pads = [
    (window.size - 1 - low, _after(window, whole, low, out))
    for whole, (low, _), out in zip(
      size, (window.rows, window.columns), cotangent.shape[1:3], strict=True
    )
  ]
  return lax.conv_general_dilated(
    cotangent,
    kernel[::-1, ::-1].swapaxes(2, 3),
    (1, 1),
    pads,
    lhs_dilation=(window.stride,) * 2,
    dimension_numbers=('CHWN', 'HWIO', 'CHWN'),
  )


def _after(window, whole, low, out):
  """Padding after the cotangent that restores all `whole` rows."""
  spread = (out - 1) * window.stride + 1
  return whole + window.size - 1 - spread - (window.size - 1 - low)


def _native_to_kernel(x, cotangent, window):
  """The images, with the cotangent as kernel, summed over the batch."""
  pads = [
    (low, (out - 1) * window.stride + window.size - whole - low)
    for whole, (low, _), out in zip(
      x.shape[1:3],
      (window.rows, window.columns),
      cotangent.shape[1:3],
      strict=True,
    )
  ]
  return lax.conv_general_dilated(
    x,
    cotangent,
    (1, 1),
    pads,
    rhs_dilation=(window.stride,) * 2,
    dimension_numbers=('NHWC', 'OHWI', 'HWNC'),
  )
