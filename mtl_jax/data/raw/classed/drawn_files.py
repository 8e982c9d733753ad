"""Writes miniature files of the formats that are read here.

They are drawn, not published: a class is a colour and a place, so that little
is needed to learn it.
"""

import argparse
import pathlib
import sys
from collections.abc import Callable
from typing import NoReturn

import numpy as np
from jaxtyping import UInt8

from mtl_jax.errors import InputError


class _Parser(argparse.ArgumentParser):
  """Reports a wrong option in one line; argparse would print the usage too."""

  def error(self, message: str) -> NoReturn:
    print(f'error: {message}; see --help', file=sys.stderr)
    sys.exit(2)


def main(
  module: str,
  write: Callable[[pathlib.Path], None],
  arguments: list[str] | None = None,
) -> int:
  """Runs the command line of a data set: `--miniature=FOLDER`.

  Args:
    module: its dotted name.
    write: writes the miniature files into a folder.
    arguments: command-line arguments; None is `sys.argv`.

  Returns:
    The exit code: 0, or 2 after one line on stderr.
  """
  parser = _Parser(prog=f'python -m {module}', description='Miniature files.')
  parser.add_argument(
    '--miniature', required=True, help='Folder for small files.'
  )
  folder = pathlib.Path(parser.parse_args(arguments).miniature)
  name = module.rpartition('.')[2]
  try:
    if folder.exists() and any(folder.iterdir()):
      raise InputError(f'{folder} is not empty; name a new folder')
    folder.mkdir(parents=True, exist_ok=True)
    write(folder)
  except (InputError, OSError) as error:
    print(f'error: {error}', file=sys.stderr)
    return 2
  print(
    f'{folder} has drawn pictures; read them with --config.files={folder} '
    f'--config.datasets.{name}.published=False'
  )
  return 0


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
