"""Moves of pixels in images `[C, H, W, B]`: no arithmetic."""

import jax.numpy as jnp


def fit(x, ends):
  """Pads the two middle axes, or cuts them where a number is negative."""
  for axis, (low, high) in enumerate(ends, 1):
    cut = [slice(None)] * 4
    cut[axis] = slice(max(-low, 0), x.shape[axis] - max(-high, 0))
    pads = [(0, 0)] * 4
    pads[axis] = (max(low, 0), max(high, 0))
    x = jnp.pad(x[tuple(cut)], pads)
  return x


def to_channels(x, s):
  """`[C, H, W, B]` to `[s*s*C, H/s, W/s, B]`."""
  if s == 1:
    return x
  c, h, w, b = x.shape
  x = x.reshape(c, h // s, s, w // s, s, b).transpose(2, 4, 0, 1, 3, 5)
  return x.reshape(s * s * c, h // s, w // s, b)


def to_pixels(x, s):
  """`[s*s*C, H, W, B]` to `[C, s*H, s*W, B]`."""
  if s == 1:
    return x
  c, h, w, b = x.shape
  x = x.reshape(s, s, c // (s * s), h, w, b).transpose(2, 3, 0, 4, 1, 5)
  return x.reshape(c // (s * s), h * s, w * s, b)
