"""Where the two glyphs of a picture are, how they overlap, and its size.

Pictures are composed on a canvas 8 pixels larger than a glyph.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Integer, UInt8, UInt64

MARGIN = 8
BLOCK = 2048  # pictures composed at a time, for less memory

Corners = Integer[np.ndarray, 'pictures 4']
Words = UInt64[np.ndarray, 'pictures 4']
Pictures = UInt8[np.ndarray, 'pictures height width']
Resized = UInt8[np.ndarray, 'pictures side side']


def fixed(words: Words) -> Corners:
  """Corners of the left and the right glyph: (0, 0) and (6, 6)."""
  return np.tile([0, 0, 6, 6], (len(words), 1))


def free(words: Words) -> Corners:
  """Each glyph in its corner or up to 4 pixels from it, in both directions."""
  return (words % np.uint64(5)).astype(np.int64) + [[0, 0, 4, 4]]


def diagonal(words: Words) -> Corners:
  """Each glyph up to 4 pixels from its corner on the diagonal, never equal.

  As published: in half of the pictures the left glyph is moved by 0 to 3 pixels
  and the right one by 0 to 4, in the others by 0 to 4 and by 1 to 4.
  """
  either = words[:, 0] % np.uint64(2) == 0
  four, five = ((words % np.uint64(n)).astype(np.int64) for n in (4, 5))
  left = np.where(either, four[:, 1], five[:, 1])
  right = np.where(either, five[:, 2], 1 + four[:, 2])
  return np.stack([left, left, 4 + right, 4 + right], axis=1)


def add(one: Pictures, other: Pictures) -> Pictures:
  """Sums, at most 255."""
  return one + np.minimum(255 - one, other)  # stays within bytes


def whole(canvas: Pictures) -> Pictures:
  """The canvas as it is."""
  return canvas


def nearest(canvas: Pictures) -> Resized:
  """The canvas in the size of a glyph; each pixel is the nearest one."""
  side = canvas.shape[-1]
  small = side - MARGIN
  # As in Pillow: the pixel in which the centre lies.
  at = ((np.arange(small) + 0.5) * side / small).astype(np.int64)
  return canvas.take(at, axis=1).take(at, axis=2)


def bicubic(canvas: Pictures) -> Resized:
  """The canvas in the size of a glyph by Pillow's default filter, rounded."""
  weights = _bicubic(canvas.shape[-1])
  small = weights.T @ canvas.astype(np.float32) @ weights
  return np.clip(np.rint(small), 0, 255).astype(np.uint8)


def _bicubic(side: int) -> np.ndarray:
  """What each pixel of a row adds to those of the smaller row."""
  from PIL import Image  # only this filter needs it

  rows = Image.fromarray(np.eye(side, dtype=np.float32))
  resized = rows.resize((side - MARGIN, side), Image.Resampling.BICUBIC)
  return np.asarray(resized)


def compose(
  glyphs: UInt8[np.ndarray, 'glyphs size size'],
  left: Integer[np.ndarray, 'pictures'],
  right: Integer[np.ndarray, 'pictures'],
  corners: Corners,
  overlap: Callable,
  resize: Callable,
) -> UInt8[np.ndarray, 'pictures side side 1']:
  """Composes pictures of two glyphs.

  Args:
    glyphs: all glyphs, square.
    left: number of the left glyph of each picture.
    right: number of the right one.
    corners: y and x of the left glyph on the canvas, then of the right one.
    overlap: function of both glyphs on canvases, such as `np.maximum`.
    resize: function of the canvases: `whole`, `nearest` or `bicubic`.
  """
  parts = [slice(i, i + BLOCK) for i in range(0, len(left), BLOCK)]
  result = None
  for part in parts:
    one = _placed(glyphs[left[part]], corners[part, :2])
    other = _placed(glyphs[right[part]], corners[part, 2:])
    pictures = resize(overlap(one, other))
    if result is None:
      result = np.empty((len(left), *pictures.shape[1:], 1), np.uint8)
    result[part, ..., 0] = pictures
  return result


def _placed(glyphs, corners) -> Pictures:
  count, side, _ = glyphs.shape
  canvas = np.zeros((count, side + MARGIN, side + MARGIN), np.uint8)
  places = corners[:, 0] * side + corners[:, 1]
  # A loop over the few corners that occur, not over pictures.
  for place in np.unique(places):
    here = np.flatnonzero(places == place)
    y, x = divmod(int(place), side)
    canvas[here, y : y + side, x : x + side] = glyphs[here]
  return canvas
