"""Compiles cells of a table before they are trained, several in parallel."""

from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import NamedTuple

import jax

from mtl_jax.cells import Cell
from mtl_jax.data import views
from mtl_jax.processes import containers
from mtl_jax.programs import compiled
from mtl_jax.programs.compiled import Compiled
from mtl_jax.programs.inputs import Inputs

FEW = 10_000_000  # numbers in the data of cells that are compiled in parallel


class Ready(NamedTuple):
  """Compiled programs of a cell, and the inputs of its first chunk of runs."""

  compiled: Compiled
  inputs: Inputs


class Ahead:
  """Compiles cells in the order in which they will be trained.

  Where training leaves cores free, the next cells are compiled while one is
  trained. Where training uses every core, it waits until all compilations that
  have begun are done, so that steps per second are those of training alone.

  Args:
    cells: in the order of training.
  """

  def __init__(self, cells: list[Cell]):
    self._order = {cell.hash: cell for cell in cells}
    self._begun: dict[str, Future] = {}
    self._pool = ThreadPoolExecutor(max(1, containers.cores()))

  def take(self, cell: Cell) -> Ready:
    """Returns a cell's programs, once, and begins to compile the next cells."""
    free = _cores_are_free(cell)
    if free or cell.hash not in self._begun:
      self._begin(cell)
    if not free:
      wait(self._begun.values())
    return self._begun.pop(cell.hash).result()

  def _begin(self, cell: Cell) -> None:
    hashes = list(self._order)
    start = hashes.index(cell.hash)
    for name in hashes[start : start + _num_parallel(cell)]:
      if name not in self._begun:
        self._begun[name] = self._pool.submit(prepare, self._order[name])


def prepare(cell: Cell) -> Ready:
  """Compiles the programs of a cell."""
  return Ready(*compiled.prepare(cell))


def _cores_are_free(cell: Cell) -> bool:
  """Whether training leaves a core to compile on."""
  place = cell.place
  used = min(place.rows, cell.chunks()[0].size) * place.batch
  return place.platform != 'cpu' or used < containers.cores()


def _num_parallel(cell: Cell) -> int:
  """How many cells are compiled in parallel."""
  # Inputs of all of them are in memory, and processes of a job would have to
  # agree on the order.
  if jax.process_count() > 1 or _size(cell) > FEW:
    return 1
  return containers.cores() if jax.default_backend() == 'cpu' else 2


def _size(cell: Cell) -> int:
  """How many numbers the data of a cell are."""
  splits = [split for data in cell.datas for split in data.splits.values()]
  return sum(map(views.numbers, splits))
