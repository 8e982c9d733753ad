"""Takes steps on blocks of batches, and reads the next ones meanwhile."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import Mesh

from mtl_jax import devices, train
from mtl_jax.cells import Cell
from mtl_jax.data import stacked, views
from mtl_jax.data.base import Split
from mtl_jax.data.sources import NOTHING, Source
from mtl_jax.programs import run_functions
from mtl_jax.programs.inputs import Inputs


class Block(NamedTuple):
  """Some steps of all runs, on the devices.

  Attributes:
    drawn: keys of the steps, and places of their rows in `data`.
    data: the rows of the steps, each run's own.
  """

  drawn: Any
  data: Source


class Blocks:
  """Reads the batches of a period from the host, one block ahead.

  Args:
    cell: whose training split is read; it may be memory-mapped.
    mesh: the devices.
  """

  def __init__(self, cell: Cell, mesh: Mesh):
    self._split, self._mesh, self._cell = cell.datas[0].train, mesh, cell
    self._pool = ThreadPoolExecutor(1, thread_name_prefix='blocks')
    self._ahead: tuple[Any, Future] | None = None

  def begin(self, key: Any, drawn: Any, steps: int) -> None:
    """Begins to read the first block of a period, in the background.

    Args:
      key: names the period; `of_period` is asked for it.
      drawn: of the period, on the devices; it may still be computed.
      steps: of the period.
    """
    first = self._cell.blocks(steps)[0]
    self._ahead = key, self._pool.submit(self._first, drawn, first)

  def of_period(
    self, key: Any, draw: Callable[[], Any], steps: int
  ) -> Iterator[Block]:
    """Yields the blocks of a period; the next one is being read meanwhile.

    Args:
      key: names the period.
      draw: draws its rows and keys, where `begin` was not asked for them.
      steps: of the period.
    """
    if self._ahead is None or self._ahead[0] != key:
      self.begin(key, draw(), steps)
    (_, future), self._ahead = self._ahead, None
    drawn, block = future.result()
    start, (first, *others) = 0, self._cell.blocks(steps)
    for length in others:
      start, first = start + first, length
      future = self._pool.submit(self.read, drawn, start, length)
      yield block
      block = future.result()
    yield block

  def _first(self, drawn: Any, length: int) -> tuple[Any, Block]:
    drawn = devices.fetch(drawn)
    return drawn, self.read(drawn, 0, length)

  def read(self, drawn: Any, start: int, length: int) -> Block:
    """Reads the rows of some steps and puts them on the devices.

    Args:
      drawn: rows and keys of a period, with an axis of runs, on the host.
      start: number of the first step in the period.
      length: how many steps.
    """
    own = jax.tree.map(lambda x: x[:, start : start + length], drawn)
    # [R, steps, ..., batch]; a run's block has its rows as they are drawn.
    shape = own.rows.shape
    flat = own.rows.reshape(shape[0], -1)
    rows = gathered(self._split, flat)
    places = np.arange(flat.shape[1], dtype=flat.dtype).reshape(shape[1:])
    own = own._replace(rows=np.broadcast_to(places, shape))
    packed = rows._replace(labels=stacked.packed(rows.labels, 2))
    drawn, data = devices.place((own, packed), over_runs=True, mesh=self._mesh)
    return Block(drawn, Source(NOTHING, data))


def gathered(split: Split | views.View, numbers: np.ndarray) -> Split:
  """Copies rows of a split that may be memory-mapped.

  Args:
    split: the split; of a view its table is read, and only these rows.
    numbers: row numbers, of any shape.

  Returns:
    Arrays that begin with this shape. Rows are read in the order in which they
    are stored, which a disk is fastest at.
  """
  order = np.argsort(numbers, axis=None, kind='stable')
  found = Split(*views.take(split, numbers.ravel()[order]))

  def placed(x):
    whole = np.empty_like(x, shape=x.shape)
    whole[order] = x
    return whole.reshape(*numbers.shape, *x.shape[1:])

  return jax.tree.map(placed, found)


class Streaming:
  """Takes the steps of a period block by block.

  Args:
    cell: what is trained.
    mesh: the devices.
    draws: compiled, by the number of steps of a period.
    follows: compiled, by the number of steps of a block; they return metrics of
      each step.
    mean: the mean of the metrics of several blocks, mapped over runs.
  """

  def __init__(
    self,
    cell: Cell,
    mesh: Mesh,
    draws: dict[int, Callable],
    follows: dict[int, Callable],
    mean: Callable,
  ):
    self._cell, self._mesh, self._mean = cell, mesh, mean
    self._draws, self._follows = draws, follows
    self._blocks = Blocks(cell, mesh)

  def steps(
    self, inputs: Inputs, state: train.TrainState, steps: int
  ) -> tuple[train.TrainState, train.Metrics]:
    """Takes the steps of a period, as `Compiled.steps` does.

    Args:
      inputs: what the runs read, but the training split.
      state: of all runs; it is donated.
      steps: of the period.
    """
    first, found = devices.fetch(state.step), []
    state = run_functions.carried(self._cell, state)
    key, draw = self._period(inputs, first, steps)
    for block in self._blocks.of_period(key, draw, steps):
      length = block.drawn.rows.shape[1]
      arguments = inputs.hp, state, block.drawn, *block.data.arguments
      state, metrics = self._follows[length](*arguments)
      # Steps run while the next block is read, and no more than one block waits
      # for them.
      jax.block_until_ready(found[-1:])
      found.append(metrics)
    self._begin_next(inputs, first + steps)
    return state, self._mean(tuple(found))

  def _period(
    self, inputs: Inputs, first: np.ndarray, steps: int
  ) -> tuple[Any, Callable[[], Any]]:
    """A name for a period, and what draws its rows and keys."""

    def draw():
      step = devices.place(first, over_runs=True, mesh=self._mesh)
      return self._draws[steps](inputs.seeds, step, inputs.drawn_from)

    return (id(inputs), first.tobytes(), steps), draw

  def _begin_next(self, inputs: Inputs, first: np.ndarray) -> None:
    """Begins to read the next period, while this one is evaluated."""
    left = self._cell.config.steps - int(first.max())
    steps = min(self._cell.sizes.steps, left)
    if steps in self._draws:
      key, draw = self._period(inputs, first, steps)
      self._blocks.begin(key, draw(), steps)


def mean(parts: tuple[Any, ...]) -> Any:
  """The means of the metrics of one run over the steps of several blocks.

  They are summed in the order of the steps, as XLA does behind a scan over all
  of them on a CPU; on other devices means may differ by the rounding of a sum.
  """

  def of_steps(*metrics):
    steps = jnp.concatenate(metrics).astype(jnp.float32)
    zero = jnp.zeros(steps.shape[1:], steps.dtype)
    total, _ = lax.scan(lambda sum_, now: (sum_ + now, None), zero, steps)
    return total * np.float32(1 / len(steps))

  return jax.tree.map(of_steps, *parts)
