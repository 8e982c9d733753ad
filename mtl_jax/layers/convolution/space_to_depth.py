"""Rearranges the pixels of images `[C, H, W, B]`, without arithmetic."""

import jax.numpy as jnp


def fit(x, ends):
  """Pads height and width, or crops them where a number is negative.

  Args:
    x: images.
    ends: numbers of pixels before and after, for height and for width.

  Returns:
    Images of the new size.
  """
  for axis, (low, high) in enumerate(ends, 1):
    cut = [slice(None)] * 4
    cut[axis] = slice(max(-low, 0), x.shape[axis] - max(-high, 0))
    pads = [(0, 0)] * 4
    pads[axis] = (max(low, 0), max(high, 0))
    x = jnp.pad(x[tuple(cut)], pads)
  return x


def to_channels(x, s):
  """Moves blocks of pixels to channels.

  Args:
    x: `[C, H, W, B]`.
    s: side of a block.

  Returns:
    `[s*s*C, H/s, W/s, B]`.
  """
  if s == 1:
    return x
  c, h, w, b = x.shape
  x = x.reshape(c, h // s, s, w // s, s, b).transpose(2, 4, 0, 1, 3, 5)
  return x.reshape(s * s * c, h // s, w // s, b)


def to_pixels(x, s):
  """Undoes `to_channels`.

  Args:
    x: `[s*s*C, H, W, B]`.
    s: side of a block.

  Returns:
    `[C, s*H, s*W, B]`.
  """
  if s == 1:
    return x
  c, h, w, b = x.shape
  x = x.reshape(s, s, c // (s * s), h, w, b).transpose(2, 3, 0, 4, 1, 5)
  return x.reshape(c // (s * s), h * s, w * s, b)
