"""Evaluates the runs of a cell: forward passes, and metrics on the host."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh

from mtl_jax import devices, train
from mtl_jax.cells import Cell, scoring
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
    outputs: of the heads in the last evaluation `[R, rows, outputs]` by task,
      on the host; or a summary, see `scores.summarised`.

  Args:
    cell: of the runs.
    map_runs: maps a function of one run over runs, see `devices.map_runs`.
    mesh: the devices.
  """

  def __init__(self, cell: Cell, map_runs: Callable, mesh: Mesh):
    self._tasks, self._mesh = cell.system.tasks, mesh
    self._by_metric = cell.config.select == 'metric'
    # Metrics are computed on the host, so a program of its own keeps the best.
    function = selection.outcome if self._by_metric else selection.measured
    read = 3 if self._by_metric else 5  # arguments before those of a split
    # Nothing is donated: the best parameters may be the ones that are measured,
    # and the peak of memory is in the steps anyway.
    self._program = map_runs(
      sources.reading(functools.partial(function, cell.system, cell.sizes)),
      (*[0] * read, *sources.AXES),
    )
    self._keep = map_runs(
      functools.partial(selection.keep_best, cell.system), (0,) * 6
    )
    self._of_task = map_runs(_of_task, (0, None))
    self._compiled: dict[tuple, Any] = {}  # by shapes of a split
    self.faults: list[str] = []
    self.outputs: dict[str, Any] = {}

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
    arguments = self._arguments(inputs, state, state.best)
    splits = {_shapes(s): s for s in (inputs.valid, inputs.test)}
    self._compiled = dict.fromkeys(splits)
    lowered = [
      lower(f'measure {i}', self._program, (*arguments, *split.arguments))
      for i, split in enumerate(splits.values())
    ]
    if self._by_metric:
      values = inputs.scoring.scale  # of the shape of what is kept by
      kept = *arguments, state.best, values, inputs.scoring.share
      lowered.append(lower('keep', self._keep, kept))
    return lowered

  def _arguments(self, inputs, state, best) -> tuple:
    first = state.params, state.extra, state.step
    return first if self._by_metric else (*first, best, inputs.scoring)

  def compiled(self, programs: list[Any]) -> None:
    """Takes the programs that `lower` returned, compiled, in the same order."""
    if self._by_metric:
      *programs, self._keep = programs
    self._compiled = dict(zip(self._compiled, programs, strict=True))

  @property
  def programs(self) -> list[Any]:
    """The compiled programs."""
    return [*self._compiled.values(), *[self._keep] * self._by_metric]

  def __call__(
    self, name: str, inputs: Any, state: train.TrainState, best: train.Best
  ) -> tuple[train.Best, Results]:
    """Evaluates the parameters of a state, and selects the best.

    Args:
      name: valid or test.
      inputs: what the runs read, see `inputs.Inputs`.
      state: of all runs; its parameters are evaluated.
      best: the best parameters so far.

    Returns:
      The best parameters with these among them, and the value `[R]` of every
      metric by task.
    """
    measured = self._measured(name, inputs, state, best)
    if not self._by_metric:
      best, *measured = measured
    results = self._results(name, inputs, measured)
    if self._by_metric:
      share = inputs.scoring.share
      errors = scoring.values(self._tasks, results, inputs.scale, 'metric')
      errors = errors.astype(np.float32)
      # Compiled for arguments that are placed as the shares are.
      errors = devices.place(errors, over_runs=True, mesh=self._mesh)
      kept = *self._arguments(inputs, state, best), best, errors, share
      best = self._keep(*kept)
    return best, results

  def each(self, name: str, inputs: Any, state: train.TrainState) -> Results:
    """Evaluates every task at the parameters of its own best step.

    Args:
      name: valid or test.
      inputs: what the runs read.
      state: of all runs; of `System.per_task`.

    Returns:
      The value `[R]` of every metric by task.
    """
    results: Results = {}
    for t in range(len(self._tasks)):
      params, extra = self._of_task(state.best.of_tasks, np.int32(t))
      own = state._replace(params=params, extra=extra)
      measured = self._measured(name, inputs, own, state.best)
      measured = measured if self._by_metric else measured[1:]
      results |= self._results(name, inputs, measured, t)
    return results

  def _measured(self, name, inputs, state, best) -> Any:
    split = getattr(inputs, name)
    measure = self._compiled.get(_shapes(split), self._program)
    return measure(*self._arguments(inputs, state, best), *split.arguments)

  def _results(self, name, inputs, measured, only=None) -> Results:
    """Metrics of all tasks, or of one."""
    chosen = slice(None) if only is None else slice(only, only + 1)
    losses, outputs = measured
    # Of one task only its predictions leave the device.
    outputs = outputs if only is None else (outputs[only],)
    losses, outputs = devices.fetch((losses, outputs))
    known = inputs.known[name]
    known = scores.Labels(known.labels[chosen], known.weights[..., chosen])
    tasks = self._tasks[chosen]
    values, faults = scores.of_runs(tasks, outputs, known, losses[:, chosen])
    self.faults.extend(faults)
    names = (task.name for task in tasks)
    self.outputs |= dict(zip(names, outputs, strict=True))
    return values


def _of_task(best: train.Best, t: Any) -> tuple:
  """Parameters and further collections of the best step of task `t`."""
  return jax.tree.map(lambda x: x[t], (best.params, best.extra))


def _shapes(tree: Any) -> tuple:
  return tuple(x.shape for x in jax.tree.leaves(tree))
