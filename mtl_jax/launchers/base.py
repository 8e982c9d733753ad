"""What a launcher is."""

from collections.abc import Callable
from typing import NamedTuple


class Resources(NamedTuple):
  """Where cells run, and what each is given.

  Attributes:
    address: of a cluster; '' is this machine.
    cpus: cores of a cell; 0 lets the launcher choose.
    gpus: of a cell; -1 lets the launcher choose.
  """

  address: str = ''
  cpus: int = 0
  gpus: int = -1


class Launcher(NamedTuple):
  """Made by a file's `make(resources)`, before data are loaded.

  Attributes:
    train: (cells, workdir) -> the folders of all, every cell finished.
    check: (cells, workdir), raises `InputError` where they cannot be trained;
      nothing is written yet.
  """

  train: Callable
  check: Callable = lambda cells, workdir: None
