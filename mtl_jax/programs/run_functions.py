"""The functions of one run that the programs of a cell are made of."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from mtl_jax import train
from mtl_jax.cells import Cell, shapes, streamed, task_groups
from mtl_jax.data import views
from mtl_jax.programs.inputs import Inputs
from mtl_jax.train.batches import Quota


def carried(cell: Cell, state: train.TrainState) -> train.TrainState:
  """Selects what the steps read of a state.

  Args:
    cell: of the run.
    state: of one run or of all runs.

  Returns:
    The state, without its best parameters where no step reads them.
  """
  return state if reads_best(cell) else state._replace(best=())


def reads_best(cell: Cell) -> bool:
  """Whether a step reads the best parameters of the state."""
  # A scheme that searches restarts from the first parameters, and these are
  # saved as the best ones.
  return bool(cell.system.scheme.restart(cell.config.steps))


def example(cell: Cell) -> Any:
  """Rows of inputs, from which parameters get their shapes."""
  rows = views.first(cell.datas[0].train, 2).inputs
  return jax.tree.map(jnp.asarray, rows)


def init(
  cell: Cell, example: Any, recorded: bool, hp: Any, seed: Any
) -> train.TrainState:
  """Makes the first state of a run.

  Args:
    cell: of the run.
    example: from `example`.
    recorded: whether to call what the cell has traced already.
    hp: hyperparameters of the run.
    seed: of the run.
  """
  if recorded:
    return cell.traced.init(hp, seed, example)
  return train.init(cell.system, hp, seed, example)


def draw(cell: Cell, steps: int, seed: Any, step: Any, num_rows: Any) -> Any:
  """Draws rows and keys for the steps to the next evaluation.

  Args:
    cell: of the run.
    steps: number of steps to draw for.
    seed: of the run.
    step: number of steps that the run has taken.
    num_rows: of its training split, without padding; of each source, where
      batches have quotas.

  Returns:
    See `train.draw`.
  """
  sizes, batches, how = cell.sizes, cell.system.batches, cell.sampling
  length = cell.reading.lengths['train']
  return train.draw(
    *(batches, seed, step, num_rows, steps, sizes.batch, length),
    quotas=tuple(map(Quota, how.quotas, how.sizes)),
    parts=cell.system.accumulate,
  )


def follow(
  cell: Cell, recorded: bool, hp: Any, state: train.TrainState, drawn: Any, data
) -> tuple[train.TrainState, train.Metrics]:
  """Takes the steps to the next evaluation.

  Args:
    cell: of the run.
    recorded: whether to call the step that the cell has traced already.
    hp: hyperparameters of the run.
    state: from `carried`.
    drawn: from `draw`.
    data: the training split.

  Returns:
    The new state and means of the metrics of the steps; where a period is cut
    into blocks, the metrics of each step.
  """
  step = _step_of(cell, state) if recorded else None
  each = streamed.asked(cell.config)
  return train.follow(cell.system, hp, state, data, drawn, step, each)


def _step_of(cell: Cell, state: train.TrainState) -> Callable:
  """The step that the cell traced, for a state that may lack the best."""
  if jax.tree.leaves(state.best):
    return cell.traced.step

  def step(hp, state, batch, key):
    full = state._replace(best=_zeros(cell.traced.state.best))
    new, metrics = cell.traced.step(hp, full, batch, key)
    return new._replace(best=()), metrics

  return step


def _zeros(tree: Any) -> Any:
  # XLA removes them: the step does not read them, and its result is dropped.
  return jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), tree)


def one_step(cell: Cell, inputs: Inputs) -> tuple:
  """Returns the step of one run, for counting its operations.

  Args:
    cell: of the run.
    inputs: of any chunk; only the shapes of `hp` are read.

  Returns:
    The function and the shapes of its arguments.
  """
  hp = jax.tree.map(
    lambda x: jax.ShapeDtypeStruct(x.shape[1:], x.dtype), inputs.hp
  )
  data = task_groups.first(cell.datas[0], cell.groups)
  batch = shapes.batch(cell.system, cell.config, data)
  step = functools.partial(train.step, cell.system)
  return step, hp, cell.traced.state, batch, jax.random.key(0)
