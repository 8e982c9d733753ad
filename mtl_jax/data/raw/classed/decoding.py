"""Decodes the bytes of a JPEG or PNG file to one size, within bounds."""

import contextlib
import io
import warnings
from collections.abc import Iterator

import numpy as np
from jaxtyping import UInt8

from mtl_jax.errors import InputError

LARGEST = 32 * 2**20  # bytes of a file
# A small file may claim very many pixels; the largest of Office-Home has 25
# million.
PIXELS = 64_000_000


@contextlib.contextmanager
def without_warnings() -> Iterator[None]:
  """Makes an error of Pillow's warning of many pixels, in all threads.

  The error is then the only line about such a picture.
  """
  from PIL import Image

  with warnings.catch_warnings():
    warnings.simplefilter('error', Image.DecompressionBombWarning)
    yield


def picture(
  data: bytes, size: int, where: str, expected: tuple[int, int] | None = None
) -> UInt8[np.ndarray, 'size size 3']:
  """Decodes a picture and scales it, as torchvision's Resize does.

  Args:
    data: content of the file.
    size: height and width of the result in pixels.
    where: what the picture is, for messages.
    expected: height and width that the file must have, or None.

  Raises:
    InputError: it is no picture, cut off, too large, or of another size.
  """
  from PIL import Image

  try:
    with Image.open(io.BytesIO(data), formats=('JPEG', 'PNG')) as image:
      _check(image.size, where, expected)
      plain = image.convert('RGB')
  # Pillow has errors of its own for files that claim too many pixels.
  except (Image.DecompressionBombError, Image.DecompressionBombWarning) as e:
    raise InputError(_too_many(where)) from e
  except InputError:
    raise
  except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as error:
    raise InputError(
      f'{where} is cut off or no JPEG or PNG picture '
      f'({" ".join(str(error).split())[:100]}); download it again'
    ) from error
  if plain.size != (size, size):
    plain = plain.resize((size, size), Image.Resampling.BILINEAR)
  return np.asarray(plain)


def _check(pixels: tuple[int, int], where: str, expected) -> None:
  width, height = pixels
  if width * height > PIXELS:
    raise InputError(_too_many(where))
  if expected is not None and (height, width) != expected:
    raise InputError(
      f'{where} is {height} x {width} pixels, and must be {expected[0]} x '
      f'{expected[1]}; take the aligned pictures as they were published'
    )


def _too_many(where: str) -> str:
  return (
    f'{where} claims more than {PIXELS:,} pixels, which no picture of this '
    'data set has; download it again'
  )
