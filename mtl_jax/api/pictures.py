"""Figures as PNG, which a notebook shows by themselves."""

import pathlib
import tempfile
from collections.abc import Callable
from typing import NamedTuple

from mtl_jax.records import atomic


class Picture(NamedTuple):
  """A figure.

  Attributes:
    name: of its file, without the ending.
    png: the content of the file.
  """

  name: str
  png: bytes

  def save(self, path: str | pathlib.Path) -> None:
    """Writes the PNG.

    Args:
      path: of the file.
    """
    atomic.write(pathlib.Path(path), self.png)

  def _repr_png_(self) -> bytes:
    return self.png

  def __repr__(self) -> str:
    return f'Picture({self.name!r}, {len(self.png)} bytes of PNG)'


def of(draw: Callable[[pathlib.Path], None]) -> dict[str, Picture]:
  """Draws into a temporary folder.

  A workdir may hold figures of another table than the one that is asked for.

  Args:
    draw: writes PNGs into a folder and the folders in it.

  Returns:
    The figures by name.
  """
  with tempfile.TemporaryDirectory() as name:
    draw(pathlib.Path(name))
    files = sorted(pathlib.Path(name).rglob('*.png'))
    return {p.stem: Picture(p.stem, p.read_bytes()) for p in files}
