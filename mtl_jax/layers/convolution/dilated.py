"""Convolution with a dilated kernel, of images `[B, H, W, C]`."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtl_jax.layers import batch_last
from mtl_jax.layers.convolution import conv as plain

# Much of a kernel with long steps lies outside of a small picture. With a
# smaller share inside, one product per pixel of the kernel is faster on CPUs.
SHARE = 1 / 3

Images = Float[Array, 'batch height width channels']
Out = Float[Array, 'batch height width out']


def conv(x: Images, kernel: plain.Kernel, dilation: int) -> Out:
  """Convolution with a dilated kernel of stride 1; the size stays.

  Args:
    x: images.
    kernel: square and of odd size, `[k, k, C, out]`.
    dilation: distance between the pixels that the kernel reads.

  Returns:
    Images.
  """
  if _inside(x.shape[1:3], len(kernel), dilation) < SHARE:
    return _by_taps(x, kernel, dilation)
  pad = (dilation * (len(kernel) // 2),) * 2
  window = plain.Window(len(kernel), 1, pad, pad, dilation)
  return batch_last.leave(plain.conv(batch_last.enter(x), kernel, window))


def _inside(size: tuple[int, ...], count: int, dilation: int) -> float:
  """The share of a kernel's pixels that are inside, mean over a picture."""
  steps = [abs(i - count // 2) * dilation for i in range(count)]
  height, width = (sum(max(n - s, 0) / n for s in steps) for n in size)
  return height * width / count**2


def _by_taps(x: Images, kernel: plain.Kernel, dilation: int) -> Out:
  """One product per pixel of the kernel, where what it reads is inside."""
  size, reach = x.shape[1:3], len(kernel) // 2
  steps = [dilation * i for i in range(-reach, reach + 1)]
  total = x @ kernel[reach, reach]
  for row, down in zip(kernel, steps, strict=True):
    for tap, right in zip(row, steps, strict=True):
      inside = abs(down) < size[0] and abs(right) < size[1]
      if inside and (down or right):
        total += _tap(x, tap, (down, right))
  return total


def _tap(x: Images, tap: Array, steps: tuple[int, int]) -> Out:
  """`x[y + down, x + right] @ tap`, 0 where that is outside."""
  read = tuple(
    slice(max(n, 0), size + min(n, 0))
    for n, size in zip(steps, x.shape[1:3], strict=True)
  )
  written = [(max(-n, 0), max(n, 0)) for n in steps]
  return jnp.pad(x[:, *read] @ tap, [(0, 0), *written, (0, 0)])
