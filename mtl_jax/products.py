"""Convolution and its gradients as matrix products, for CPUs.

Images are `[C, H, W, B]`, kernels `[k, k, C, F]`. A stride is taken out first
(`s x s` pixels become channels), then the product is of one of two kinds:

- few channels or a large kernel: `b x b` output pixels are computed at a time
  from the blocks of `b x b` input pixels that they see;
- else: the k shifts along a row are stacked, one product gives the parts of k
  rows, and these are added up.
"""

import jax.numpy as jnp
from jax import lax

from mtl_jax.dense import matmul

# Below, a product is too thin to be fast; above, too much of it is zeros.
ENOUGH_ROWS, ENOUGH_GROWTH = 80, 2.2
FEW_CHANNELS, LARGE_KERNEL = 8, 5


def forward(x, kernel, window):
  """`[C, H, W, B]` and `[k, k, C, F]` to `[F, H', W', B]`."""
  out = _out_size(x.shape[1:3], window)
  return _convolve(_unstrided(x, window, out), _spread(kernel, window))


def to_input(slope, kernel, window, size):
  """The gradient of the images, `[C, *size, B]`."""
  kernel = _spread(kernel, window)
  block = _block(*kernel.shape[1:])
  by = _input_by_blocks if block else _input_by_rows
  return _strided(by(slope, kernel, block), window, size)


def to_kernel(x, slope, window):
  """The gradient of the kernel, `[k, k, C, F]`."""
  x = _unstrided(x, window, slope.shape[1:3])
  size = x.shape[1] - slope.shape[1] + 1
  return _gathered(_correlate(x, slope, size), window, x.shape[0])


def _out_size(size, window):
  pads = (window.rows, window.columns)
  return tuple(
    (whole + sum(pad) - window.size) // window.stride + 1
    for whole, pad in zip(size, pads, strict=True)
  )


def _unstrided(x, window, out):
  """Padded, `s x s` pixels to channels, cut to what `out` pixels see."""
  s, k = window.stride, -(-window.size // window.stride)
  ends = [
    (low, (n + k - 1) * s - whole - low)
    for whole, (low, _), n in zip(
      x.shape[1:3], (window.rows, window.columns), out, strict=True
    )
  ]
  return _to_channels(_fit(x, ends), s)


def _strided(x, window, size):
  """Undoes `_unstrided`: back to `size` pixels."""
  x = _to_pixels(x, window.stride)
  lows = (window.rows[0], window.columns[0])
  ends = [
    (-low, whole + low - have)
    for whole, low, have in zip(size, lows, x.shape[1:3], strict=True)
  ]
  return _fit(x, ends)


def _fit(x, ends):
  """Pads the two middle axes, or cuts them where a number is negative."""
  for axis, (low, high) in enumerate(ends, 1):
    cut = [slice(None)] * 4
    cut[axis] = slice(max(-low, 0), x.shape[axis] - max(-high, 0))
    pads = [(0, 0)] * 4
    pads[axis] = (max(low, 0), max(high, 0))
    x = jnp.pad(x[tuple(cut)], pads)
  return x


def _to_channels(x, s):
  """`[C, H, W, B]` to `[s*s*C, H/s, W/s, B]`."""
  if s == 1:
    return x
  c, h, w, b = x.shape
  x = x.reshape(c, h // s, s, w // s, s, b).transpose(2, 4, 0, 1, 3, 5)
  return x.reshape(s * s * c, h // s, w // s, b)


def _to_pixels(x, s):
  """`[s*s*C, H, W, B]` to `[C, s*H, s*W, B]`."""
  if s == 1:
    return x
  c, h, w, b = x.shape
  x = x.reshape(s, s, c // (s * s), h, w, b).transpose(2, 3, 0, 4, 1, 5)
  return x.reshape(c // (s * s), h * s, w * s, b)


def _spread(kernel, window):
  """`[k, k, C, F]` to `[k/s, k/s, s*s*C, F]`, with zeros to fill."""
  s = window.stride
  if s == 1:
    return kernel
  k, _, c, f = kernel.shape
  n = -(-k // s)
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


def _convolve(x, kernel):
  """Stride 1, no padding."""
  block = _block(*kernel.shape[1:])
  return _by_blocks(x, kernel, block) if block else _by_rows(x, kernel)


def _correlate(x, slope, size):
  """The gradient of the kernel of `_convolve`, `[size, size, C, F]`."""
  block = _block(size, x.shape[0], slope.shape[0])
  by = _kernel_by_blocks if block else _kernel_by_rows
  return by(x, slope, size, block)


def _block(size, channels, features):
  """Side of the output blocks, or 0 for a product by rows."""
  if size == 1 or (size < LARGE_KERNEL and channels >= FEW_CHANNELS):
    return 0
  found = 0
  for b in (2, 4, 6, 8):
    if (_reach(size, b) * b / size) ** 2 > ENOUGH_GROWTH:
      break
    found = b
    if b * b * features >= ENOUGH_ROWS:
      break
  return found


def _reach(size, block):
  """How many blocks a side one output block sees."""
  return (size + 2 * block - 2) // block


def _row_shifts(x, size):
  """`[C, H, W, B]` to `[k*C, H*W', B]`: the k shifts along a row."""
  width = x.shape[2] - size + 1
  shifts = [x[:, :, i : i + width] for i in range(size)]
  return jnp.concatenate(shifts) if size > 1 else x


def _by_rows(x, kernel):
  k, _, c, f = kernel.shape
  shifts = _row_shifts(x, k)
  _, height, width, batch = shifts.shape
  rows = kernel.transpose(0, 3, 1, 2).reshape(k * f, k * c)
  parts = matmul(rows, shifts.reshape(k * c, -1))
  parts = parts.reshape(k, f, height, width, batch)
  out = height - k + 1
  return sum(parts[i, :, i : i + out] for i in range(k))


def _kernel_by_rows(x, slope, k, block):
  del block
  c, f = x.shape[0], slope.shape[0]
  shifts = _row_shifts(x, k)
  parts = jnp.concatenate(
    [_fit(slope, [(i, k - 1 - i), (0, 0)]) for i in range(k)]
  )
  product = matmul(parts.reshape(k * f, -1), shifts.reshape(k * c, -1).T)
  return product.reshape(k, f, k, c).transpose(0, 2, 3, 1)


def _seen(x, size, block, out):
  """`[n*n*b*b*C, blocks]`: what each output block sees."""
  n, (height, width) = _reach(size, block), [-(-o // block) for o in out]
  ends = [
    (0, (m + n - 1) * block - whole)
    for m, whole in zip((height, width), x.shape[1:3], strict=True)
  ]
  blocks = _to_channels(_fit(x, ends), block)
  seen = [
    blocks[:, i : i + height, j : j + width] for i in range(n) for j in range(n)
  ]
  return jnp.concatenate(seen).reshape(n * n * len(blocks), -1)


def _by_blocks(x, kernel, block):
  f, out = kernel.shape[3], [n - len(kernel) + 1 for n in x.shape[1:3]]
  sides = [-(-o // block) for o in out]
  seen = _seen(x, len(kernel), block, out)
  product = matmul(_copies(kernel, block), seen)
  pixels = _to_pixels(product.reshape(-1, *sides, x.shape[3]), block)
  return pixels[:f, : out[0], : out[1]]


def _copies(kernel, block):
  """`[b*b*F, n*n*b*b*C]`: each output pixel has the kernel at its own place."""
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


def _input_by_blocks(slope, kernel, block):
  """What each output block saw gets its share; shares overlap and add up."""
  n, out = _reach(len(kernel), block), slope.shape[1:3]
  blocks = _to_channels(_fit(slope, [(0, -o % block) for o in out]), block)
  _, height, width, batch = blocks.shape
  shares = matmul(
    _copies(kernel, block).T, blocks.reshape(len(blocks), -1)
  ).reshape(n, n, -1, height, width, batch)
  shape = (shares.shape[2], height + n - 1, width + n - 1, batch)
  total = jnp.zeros(shape, shares.dtype)
  for i in range(n):
    for j in range(n):
      total = _add_at(total, shares[i, j], i, j)
  return _to_pixels(total, block)


def _input_by_rows(slope, kernel, block):
  """The slope against the kernel turned round."""
  del block
  around = (len(kernel) - 1,) * 2
  padded = _fit(slope, [around, around])
  return _by_rows(padded, kernel[::-1, ::-1].swapaxes(2, 3))


def _add_at(total, part, row, column):
  """Adds `part` where it begins; in place, which no sum of padded arrays is."""
  start = (0, row, column, 0)
  there = lax.dynamic_slice(total, start, part.shape)
  return lax.dynamic_update_slice(total, there + part, start)


def _kernel_by_blocks(x, slope, k, block):
  c, f, out = x.shape[0], slope.shape[0], slope.shape[1:3]
  n = _reach(k, block)
  padded = _fit(slope, [(0, -o % block) for o in out])
  blocks = _to_channels(padded, block).reshape(block**2 * f, -1)
  product = matmul(blocks, _seen(x, k, block, out).T)
  product = product.reshape(block, block, f, n, n, block, block, c)
  product = product.transpose(0, 1, 3, 5, 4, 6, 7, 2)
  copies = product.reshape(block, block, n * block, n * block, c, f)
  return sum(
    copies[i, j, i : i + k, j : j + k]
    for i in range(block)
    for j in range(block)
  )
