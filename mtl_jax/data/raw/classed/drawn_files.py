"""Writes miniature files of the formats that are read here.

They are drawn, not published: a class is a colour and a place, so that little
is needed to learn it.
"""

import pathlib

import numpy as np
from jaxtyping import UInt8


def drawn(
  number: int, kind: int, height: int, width: int
) -> UInt8[np.ndarray, 'height width 3']:
  """Draws a picture of noise with a square whose place and colour is its class.

  Args:
    number: of the picture, which seeds the noise.
    kind: its class, 0 to 11.
    height: in pixels.
    width: in pixels.
  """
  random = np.random.default_rng(number)
  image = random.integers(0, 60, (height, width, 3), dtype=np.uint8)
  y, x = kind // 2 % 2, kind % 2
  half = slice(y * height // 2, (y + 1) * height // 2)
  image[half, x * width // 2 : (x + 1) * width // 2, kind // 4 % 3] += 180
  return image


def save(path: pathlib.Path, image: UInt8[np.ndarray, '...']) -> None:
  """Writes a picture as JPEG; missing folders are created."""
  from PIL import Image

  path.parent.mkdir(parents=True, exist_ok=True)
  Image.fromarray(image).save(path, 'JPEG', quality=95)
