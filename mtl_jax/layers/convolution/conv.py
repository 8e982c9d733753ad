"""Convolution of images with the batch axis last, `[C, H, W, B]`.

With the batch last, slices and shifts move long contiguous runs of memory. A
CPU has ways of its own for some windows, see `cpu`; elsewhere it is XLA's
operation. `vmap` can batch it over towers and task losses at once.
"""

import functools
from typing import NamedTuple

import jax
from jax import lax
from jaxtyping import Array, Float

from mtl_jax.layers.convolution import cpu, native

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
    dilation: distance between the pixels that the kernel reads.
  """

  size: int
  stride: int
  rows: tuple[int, int]
  columns: tuple[int, int]
  dilation: int = 1

  @property
  def reach(self) -> int:
    """Pixels from the first that the kernel reads to the last."""
    return (self.size - 1) * self.dilation


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
  return _lowered('forward', x, kernel, window=window)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _to_input(
  cotangent: Out, kernel: Kernel, window: Window, size: tuple[int, int]
) -> Planes:
  return _lowered('to_input', cotangent, kernel, window=window, size=size)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def _to_kernel(x: Planes, cotangent: Out, window: Window) -> Kernel:
  return _lowered('to_kernel', x, cotangent, window=window)


def _lowered(name, *operands, **fields):
  """A function of `cpu` on CPUs, and the one of `native` elsewhere."""
  return lax.platform_dependent(
    *operands,
    cpu=functools.partial(getattr(cpu, name), **fields),
    default=functools.partial(
      getattr(native, name), convolve=lax.conv_general_dilated, **fields
    ),
  )


# Each is linear in both operands, and its gradients are the other two, so that
# derivatives of any order are these three.
conv.defvjp(
  lambda x, kernel, window: (conv(x, kernel, window), (x, kernel)),
  lambda window, operands, cotangent: (
    _to_input(cotangent, operands[1], window, operands[0].shape[1:3]),
    _to_kernel(operands[0], cotangent, window),
  ),
)
_to_input.defvjp(
  lambda c, kernel, window, size: (
    _to_input(c, kernel, window, size),
    (c, kernel),
  ),
  lambda window, _, operands, x: (
    conv(x, operands[1], window),
    _to_kernel(x, operands[0], window),
  ),
)
_to_kernel.defvjp(
  lambda x, c, window: (_to_kernel(x, c, window), (x, c)),
  lambda window, operands, kernel: (
    _to_input(operands[1], kernel, window, operands[0].shape[1:3]),
    conv(operands[0], kernel, window),
  ),
)
