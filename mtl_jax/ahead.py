"""Compiles several cells of a table at once, a core each."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import jax

from mtl_jax import containers
from mtl_jax.cells import Cell
from mtl_jax.programs import Inputs, Programs

FEW = 10_000_000  # numbers that the runs of a cell may read


class Ready(NamedTuple):
  """Compiled programs, what the first chunk reads, and seconds it took."""

  programs: Programs
  inputs: Inputs
  seconds: float


class Ahead:
  """Cells in the order in which they will be trained.

  One program compiles on one core for the most part. All that were begun are
  finished before one is handed out, so that nothing compiles beside training.
  """

  def __init__(self, cells: list[Cell]):
    self._order = {cell.hash: cell for cell in cells}
    self._ready: dict[str, Ready] = {}

  def take(self, cell: Cell) -> Ready:
    """This cell's programs, once; the next cells' are compiled beside them."""
    if cell.hash not in self._ready:
      group = self._group(cell)
      with ThreadPoolExecutor(len(group)) as pool:
        made = list(pool.map(prepare, group))
      self._ready.update(zip([c.hash for c in group], made, strict=True))
    return self._ready.pop(cell.hash)

  def _group(self, cell: Cell) -> list[Cell]:
    hashes = list(self._order)
    start = hashes.index(cell.hash)
    following = [self._order[h] for h in hashes[start:]]
    return following[: _side_by_side(cell)]


def prepare(cell: Cell) -> Ready:
  """Compiles a cell's programs."""
  programs = Programs(cell)
  inputs = programs.inputs(cell.chunks()[0])
  return Ready(programs, inputs, programs.compile(inputs))


def _side_by_side(cell: Cell) -> int:
  """Several only where memory is no matter and one process decides."""
  if jax.default_backend() != 'cpu' or jax.process_count() > 1:
    return 1
  return containers.cores() if _size(cell.datas) <= FEW else 1


def _size(tree: Any) -> int:
  return sum(x.size for x in jax.tree.leaves(tree) if hasattr(x, 'size'))
