"""At which steps the runs of a chunk stop early, see `train.stopping`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int

from mtl_jax import devices
from mtl_jax.cells import Cell
from mtl_jax.train import Best, stopping


def now(cell: Cell, best: Best) -> Int[np.ndarray, 'runs']:
  """The same as `steps`, of a best that is on the devices."""
  if not cell.system.patience:
    return np.full(len(best.step), cell.config.steps)
  # The steps alone: parameters stay on the devices.
  return _latest(cell, devices.fetch(_of_parts(best)))


def steps(cell: Cell, best: Best) -> Int[np.ndarray, 'runs']:
  """The step at which all parts of a run have stopped, as far as is known now.

  Args:
    cell: of the runs.
    best: of all runs, on the host.

  Returns:
    `[R]`: the step of an evaluation; `config.steps` where a run trains to its
    end, or may do so yet.
  """
  if not cell.system.patience:
    return np.full(len(best.step), cell.config.steps)
  return _latest(cell, _of_parts(best))


def going(lines: Sequence[dict], ends: Any, step: int) -> list[dict]:
  """The records of runs that had not stopped before an evaluation.

  What is recorded does not depend on which runs share a program, where those
  that have stopped go on beside the others.

  Args:
    lines: one per run.
    ends: `[R]`, from `steps`; there may be more, of padding.
    step: of the evaluation.
  """
  pairs = zip(lines, ends, strict=False)
  return [line for line, end in pairs if end >= step]


def _of_parts(best: Best) -> list[Any]:
  """Steps `[R, parts]` of the model, and of each task where these are kept."""
  return [best.step, *([best.of_tasks.step] if best.of_tasks else [])]


def _latest(cell: Cell, parts: list[np.ndarray]) -> Int[np.ndarray, 'runs']:
  system = cell.system
  each = [stopping.stop(system, own).max(1) for own in parts]
  return np.minimum(np.max(each, 0) * system.period, cell.config.steps)
