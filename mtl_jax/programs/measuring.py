"""The evaluation of a cell's runs: one program, and metrics on the host."""

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
  """Measures parameters of all runs on a split.

  Validation and test share one compiled program where they have, or are padded
  to, as many rows.

  Attributes:
    faults: sentences on metrics that raised, for whoever says them.
  """

  def __init__(self, cell: Cell, map_runs: Callable):
    self._tasks = cell.system.tasks
    # Nothing is donated: the best parameters may be those measured, and while
    # steps are taken more than a copy of them is alive.
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
    """What is to be compiled, one for each shape of splits.

    Args:
      lower: makes a lowered program, see `exports.Lowering.lowered`.
      state: shapes of all runs' states.
      inputs: what the runs read, see `inputs.Inputs`.
    """
    look = state.params, state.extra, state.step, state.best
    splits = {_shapes(s): s for s in (inputs.valid, inputs.test)}
    self._compiled = dict.fromkeys(splits)
    return [
      lower(f'measure {i}', self._program, (*look, *split.arguments))
      for i, split in enumerate(splits.values())
    ]

  def compiled(self, programs: list[Any]) -> None:
    """Takes what `lower` gave, compiled."""
    self._compiled = dict(zip(self._compiled, programs, strict=True))

  @property
  def programs(self) -> list[Any]:
    """The compiled programs."""
    return list(self._compiled.values())

  def __call__(
    self, name: str, inputs: Any, state: train.TrainState, best: train.Best
  ) -> tuple[train.Best, Results]:
    """The best parameters yet, and every metric of the state's `[R]`.

    Args:
      name: valid or test.
      inputs: what the runs read, see `inputs.Inputs`.
      state: of all runs; its parameters are measured.
      best: the best parameters until now.
    """
    split = getattr(inputs, name)
    measure = self._compiled.get(_shapes(split), self._program)
    look = state.params, state.extra, state.step, best
    best, *told = measure(*look, *split.arguments)
    losses, found = devices.fetch(told)
    known = inputs.known[name]
    values, faults = scores.of_runs(self._tasks, found, known, losses)
    self.faults.extend(faults)
    return best, values


def _shapes(tree: Any) -> tuple:
  return tuple(x.shape for x in jax.tree.leaves(tree))
