"""The interface of launchers."""

from collections.abc import Callable
from typing import NamedTuple


class Resources(NamedTuple):
  """Where cells are trained, and with how many cores and GPUs each.

  Attributes:
    address: address of a cluster; '' for this machine.
    cpus: cores per cell; 0 lets the launcher choose.
    gpus: GPUs per cell; -1 lets the launcher choose.
  """

  address: str = ''
  cpus: int = 0
  gpus: int = -1


class Launcher(NamedTuple):
  """What `make(resources)` of a launcher's file returns.

  It is created before data are loaded.

  Attributes:
    train: function (cells, workdir) -> folders; trains all cells.
    check: function (cells, workdir) that raises `InputError` if the cells
      cannot be trained; it is called before anything is written.
  """

  train: Callable
  check: Callable = lambda cells, workdir: None
