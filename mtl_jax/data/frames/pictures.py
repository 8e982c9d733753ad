"""Pictures whose paths are in a column of a table."""

import pathlib

import numpy as np
import pandas as pd
from jaxtyping import UInt8

from mtl_jax.data.frames import values
from mtl_jax.errors import InputError

FOLDER = 'folder'  # of `DataFrame.attrs`: what relative paths begin from


def read(
  series: pd.Series, folder: str, size: int, channels: int
) -> UInt8[np.ndarray, 'rows height width channels']:
  """Reads pictures and scales them to one size.

  Args:
    series: paths; a missing one becomes a black picture.
    folder: what relative paths begin from.
    size: height and width in pixels.
    channels: 1 for grey, 3 for colours.

  Raises:
    InputError: if a file cannot be read; it names the row.
  """
  found = np.zeros((len(series), size, size, channels), np.uint8)
  for row, name in enumerate(values.words(series)):
    if name:
      where = f'column {series.name!r}, row {row}'
      found[row] = _picture(pathlib.Path(folder, name), size, channels, where)
  return found


def channels(series: pd.Series, folder: str) -> int:
  """Returns 1 if the first picture is grey, else 3."""
  from PIL import Image

  for row, name in enumerate(values.words(series)):
    if name:
      where = f'column {series.name!r}, row {row}'
      path = pathlib.Path(folder, name)
      with _opened(Image, path, where) as picture:
        return 1 if picture.mode in ('1', 'L', 'I', 'I;16', 'F') else 3
  return 1


def _picture(path: pathlib.Path, size: int, channels: int, where: str):
  from PIL import Image

  with _opened(Image, path, where) as picture:
    try:
      plain = picture.convert('L' if channels == 1 else 'RGB')
    except (OSError, SyntaxError, ValueError) as error:
      raise InputError(f'{where}: {path} is damaged ({error})') from error
    if plain.size != (size, size):
      plain = plain.resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(plain).reshape(size, size, channels)


def _opened(image, path: pathlib.Path, where: str):
  try:
    return image.open(path)
  except FileNotFoundError as error:
    raise InputError(
      f'{where}: no file {path}; paths begin from the folder of the table'
    ) from error
  # Pillow refuses a picture of very many pixels by an error of its own.
  except (OSError, ValueError, image.DecompressionBombError) as error:
    raise InputError(
      f'{where}: {path} is no picture that can be read; remove the row or '
      'leave the path blank'
    ) from error
