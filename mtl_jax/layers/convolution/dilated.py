"""Convolution with a dilated kernel."""

from jaxtyping import Array

from mtl_jax.layers.convolution import conv as plain
from mtl_jax.layers.convolution.conv import Kernel, Out, Planes
from mtl_jax.layers.convolution.space_to_depth import fit
from mtl_jax.layers.matmul import matmul

# Of a kernel with long steps much lies outside of a small picture. With a
# smaller share inside, single pixels of the kernel are faster, on CPUs.
SHARE = 1 / 3


def conv(planes: Planes, kernel: Kernel, dilation: int) -> Out:
  """Convolution with a dilated kernel of stride 1; the size stays.

  Args:
    planes: `[C, H, W, B]`.
    kernel: square and of odd size, `[k, k, C, out]`.
    dilation: distance between the pixels that the kernel reads.

  Returns:
    `[out, H, W, B]`.
  """
  if _inside(planes.shape[1:3], len(kernel), dilation) < SHARE:
    return _by_taps(planes, kernel, dilation)
  pad = (dilation * (len(kernel) // 2),) * 2
  window = plain.Window(len(kernel), 1, pad, pad, dilation)
  return plain.conv(planes, kernel, window)


def _inside(size: tuple[int, ...], count: int, dilation: int) -> float:
  """The share of a kernel's pixels that are inside, mean over a picture."""
  steps = [abs(i - count // 2) * dilation for i in range(count)]
  height, width = (sum(max(n - s, 0) / n for s in steps) for n in size)
  return height * width / count**2


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
