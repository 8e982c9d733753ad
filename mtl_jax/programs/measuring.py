"""Evaluates the runs of a cell: forward passes, and metrics on the host."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from mtl_jax import devices, train
from mtl_jax.cells import Cell
from mtl_jax.data import sources
from mtl_jax.tasks import scores
from mtl_jax.train import selection

Results = dict[str, dict[str, np.ndarray]]  # task, metric: [R]


class Measuring:
  """Evaluates parameters of all runs on a split.

  Validation and test share one compiled program where they have the same number
  of rows, with padding.

  Attributes:
    faults: messages on metrics that raised an error; the caller reports them
      and removes them.

  Args:
    cell: of the runs.
    map_runs: maps a function of one run over runs, see `devices.map_runs`.
  """

  def __init__(self, cell: Cell, map_runs: Callable):
    self._tasks = cell.system.tasks
    # Nothing is donated: the best parameters may be the ones that are measured,
    # and the peak of memory is in the steps anyway.
    self._program = map_runs(
      sources.reading(
        functools.partial(selection.measured, cell.system, cell.sizes)
      ),
      (0, 0, 0, 0, *sources.AXES),
    )
    self._compiled: dict[tuple, Any] = {}  # by shapes of a split
    self.faults: list[str] = []

  def lower(
    self, lower: Callable, state: train.TrainState, inputs: Any
  ) -> list[Any]:
    """Lowers one program for each shape of splits.

    Args:
      lower: lowers a function, see `exports.Lowering.lowered`.
      state: shapes of the states of all runs.
      inputs: what the runs read, see `inputs.Inputs`.

    Returns:
      Lowered programs, for `compiled`.
    """
    arguments = state.params, state.extra, state.step, state.best
    splits = {_shapes(s): s for s in (inputs.valid, inputs.test)}
    self._compiled = dict.fromkeys(splits)
    return [
      lower(f'measure {i}', self._program, (*arguments, *split.arguments))
      for i, split in enumerate(splits.values())
    ]

  def compiled(self, programs: list[Any]) -> None:
    """Takes the programs that `lower` returned, compiled, in the same order."""
    self._compiled = dict(zip(self._compiled, programs, strict=True))

  @property
  def programs(self) -> list[Any]:
    """The compiled programs."""
    return list(self._compiled.values())

  def __call__(
    self, name: str, inputs: Any, state: train.TrainState, best: train.Best
  ) -> tuple[train.Best, Results]:
    """Evaluates the parameters of a state.

    Args:
      name: valid or test.
      inputs: what the runs read, see `inputs.Inputs`.
      state: of all runs; its parameters are evaluated.
      best: the best parameters so far.

    Returns:
      The best parameters with these among them, and the value `[R]` of every
      metric by task.
    """
    split = getattr(inputs, name)
    measure = self._compiled.get(_shapes(split), self._program)
    arguments = state.params, state.extra, state.step, best
    best, *measured = measure(*arguments, *split.arguments)
    losses, outputs = devices.fetch(measured)
    known = inputs.known[name]
    values, faults = scores.of_runs(self._tasks, outputs, known, losses)
    self.faults.extend(faults)
    return best, values


def _shapes(tree: Any) -> tuple:
  return tuple(x.shape for x in jax.tree.leaves(tree))
