"""Convolution with few channels or a large kernel as a matrix product.

`b x b` output pixels are computed at a time, from the blocks of `b x b` input
pixels in their receptive field. Stride 1, no padding.
"""

import jax.numpy as jnp
from jax import lax

from mtl_jax.layers.convolution.space_to_depth import (
  fit,
  to_channels,
  to_pixels,
)
from mtl_jax.layers.matmul import matmul, overlap

# With fewer rows a product is too narrow to be fast; with more growth too many
# of its factors are zeros. Measured on CPUs.
ENOUGH_ROWS, ENOUGH_GROWTH = 80, 2.2
FEW_CHANNELS, LARGE_KERNEL = 8, 5


def side(size, channels, features):
  """Side of the output blocks, or 0 where another way is faster.

  Args:
    size: kernel size.
    channels: number of input channels.
    features: number of output channels.

  Returns:
    An even number or 0.
  """
  if size == 1 or (size < LARGE_KERNEL and channels >= FEW_CHANNELS):
    return 0
  chosen = 0
  for b in (2, 4, 6, 8):
    if (_reach(size, b) * b / size) ** 2 > ENOUGH_GROWTH:
      break
    chosen = b
    if b * b * features >= ENOUGH_ROWS:
      break
  return chosen


def convolve(x, kernel, block):
  """Convolution.

  Args:
    x: images, `[C, H, W, B]`.
    kernel: `[k, k, C, F]`.
    block: side of the output blocks.

  Returns:
    `[F, H - k + 1, W - k + 1, B]`.
  """
  f, out = kernel.shape[3], [n - len(kernel) + 1 for n in x.shape[1:3]]
  seen = _seen(x, len(kernel), block, out)
  pixels = to_pixels(matmul(_copies(kernel, block), seen), block)
  return pixels[:f, : out[0], : out[1]]


def to_input(cotangent, kernel, block):
  """Gradient with respect to the images.

  Receptive fields of output blocks overlap, so their gradients are added.

  Args:
    cotangent: of the output, `[F, H', W', B]`.
    kernel: `[k, k, C, F]`.
    block: side of the output blocks.

  Returns:
    `[C, H, W, B]`, with zeros up to whole blocks.
  """
  n, out = _reach(len(kernel), block), cotangent.shape[1:3]
  blocks = to_channels(fit(cotangent, [(0, -o % block) for o in out]), block)
  _, height, width, batch = blocks.shape
  shares = matmul(_copies(kernel, block).T, blocks)
  shares = shares.reshape(n, n, -1, height, width, batch)
  shape = (shares.shape[2], height + n - 1, width + n - 1, batch)
  total = jnp.zeros(shape, shares.dtype)
  # Shares of neighbouring blocks overlap: add each at its offset.
  for i in range(n):
    for j in range(n):
      total = _add_at(total, shares[i, j], i, j)
  return to_pixels(total, block)


def to_kernel(x, cotangent, k, block):
  """Gradient with respect to the kernel: the sum of that of its copies.

  Args:
    x: images, `[C, H, W, B]`.
    cotangent: of the output, `[F, H', W', B]`.
    k: kernel size.
    block: side of the output blocks.

  Returns:
    `[k, k, C, F]`.
  """
  c, f, out = x.shape[0], cotangent.shape[0], cotangent.shape[1:3]
  n = _reach(k, block)
  padded = fit(cotangent, [(0, -o % block) for o in out])
  product = overlap(to_channels(padded, block), _seen(x, k, block, out))
  product = product.reshape(block, block, f, n, n, block, block, c)
  product = product.transpose(0, 1, 3, 5, 4, 6, 7, 2)
  copies = product.reshape(block, block, n * block, n * block, c, f)
  return sum(
    copies[i, j, i : i + k, j : j + k]
    for i in range(block)
    for j in range(block)
  )


def _reach(size, block):
  """Side of the receptive field of an output block, in blocks."""
  return (size + 2 * block - 2) // block


def _seen(x, size, block, out):
  """`[n*n*b*b*C, H/b, W/b, B]`: receptive fields of the output blocks."""
  n, (height, width) = _reach(size, block), [-(-o // block) for o in out]
  ends = [
    (0, (m + n - 1) * block - whole)
    for m, whole in zip((height, width), x.shape[1:3], strict=True)
  ]
  blocks = to_channels(fit(x, ends), block)
  seen = [
    blocks[:, i : i + height, j : j + width] for i in range(n) for j in range(n)
  ]
  return jnp.concatenate(seen)


def _copies(kernel, block):
  """`[b*b*F, n*n*b*b*C]`: the kernel at the place of each output pixel."""
  k, _, c, f = kernel.shape
  n = _reach(k, block)
  spare = n * block - k
  copies = jnp.stack(
    [
      jnp.pad(kernel, ((i, spare - i), (j, spare - j), (0, 0), (0, 0)))
      for i in range(block)
      for j in range(block)
    ]
  )
  copies = copies.reshape(-1, n, block, n, block, c, f)
  return copies.transpose(0, 6, 1, 3, 2, 4, 5).reshape(block**2 * f, -1)


def _add_at(total, part, row, column):
  """Adds `part` at an offset, in place, unlike a sum of padded arrays."""
  start = (0, row, column, 0)
  there = lax.dynamic_slice(total, start, part.shape)
  return lax.dynamic_update_slice(total, there + part, start)
