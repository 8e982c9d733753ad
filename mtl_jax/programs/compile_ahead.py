"""Compiles cells of a table before their turn, several at once."""

from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import NamedTuple

import jax

from mtl_jax.cells import Cell
from mtl_jax.data import views
from mtl_jax.processes import containers
from mtl_jax.programs import compiled
from mtl_jax.programs.compiled import Compiled
from mtl_jax.programs.inputs import Inputs

FEW = 10_000_000  # numbers that the runs of a cell may read


class Ready(NamedTuple):
  """Compiled programs of a cell, and what its first chunk of runs reads."""

  compiled: Compiled
  inputs: Inputs


class Ahead:
  """Cells in the order in which they will be trained.

  The next ones are compiled while one trains, where cores are free for it.
  Where training takes every core, all that were begun are finished first, so
  that the steps per second of a table are those of training alone.
  """

  def __init__(self, cells: list[Cell]):
    self._order = {cell.hash: cell for cell in cells}
    self._begun: dict[str, Future] = {}
    self._pool = ThreadPoolExecutor(max(1, containers.cores()))

  def take(self, cell: Cell) -> Ready:
    """This cell's programs, once; the next cells' are compiled beside."""
    free = _cores_are_free(cell)
    if free or cell.hash not in self._begun:
      self._begin(cell)
    if not free:
      wait(self._begun.values())
    return self._begun.pop(cell.hash).result()

  def _begin(self, cell: Cell) -> None:
    hashes = list(self._order)
    start = hashes.index(cell.hash)
    for name in hashes[start : start + _side_by_side(cell)]:
      if name not in self._begun:
        self._begun[name] = self._pool.submit(prepare, self._order[name])


def prepare(cell: Cell) -> Ready:
  """Compiles a cell's programs."""
  return Ready(*compiled.prepare(cell))


def _cores_are_free(cell: Cell) -> bool:
  """Whether training leaves a core to compile on."""
  place = cell.place
  used = min(place.rows, cell.chunks()[0].size) * place.batch
  return place.platform != 'cpu' or used < containers.cores()


def _side_by_side(cell: Cell) -> int:
  """Several only where memory is no matter and one process decides."""
  if jax.process_count() > 1 or _size(cell) > FEW:
    return 1
  return containers.cores() if jax.default_backend() == 'cpu' else 2


def _size(cell: Cell) -> int:
  splits = [split for data in cell.datas for split in data.splits.values()]
  return sum(map(views.numbers, splits))
