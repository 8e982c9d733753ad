"""What validation curves tell: when a row is as good as `single`; the gap."""

from collections.abc import Mapping

import numpy as np

from mtl_jax.report.results import Cell, Run, TaskInfo


def steps_to_single(cell: Cell, base: Cell) -> float | None:
  """Returns the steps that reach the quality of single-task learning.

  Of each seed: the first evaluation at which the validation headlines are on
  average, as relative changes, no worse than those at the parameters that
  `single` kept at this seed. Where towers are separate, each keeps the
  parameters of its lowest validation loss so far, as in its training.

  Args:
    cell: with validation curves.
    base: the baseline.

  Returns:
    The median over seeds; None if fewer than half of them reach it, or there
    are no curves.
  """
  levels = {run.seed: run.valid for run in base.completed}
  found = [
    _first(run, levels[run.seed], cell.tasks)
    for run in cell.completed
    if run.seed in levels and run.curve
  ]
  if not found:
    return None
  median = float(np.median(found))
  return median if np.isfinite(median) else None


def gap(cell: Cell) -> float | None:
  """Returns test loss over training loss, at the parameters kept.

  The training loss is the mean over the steps since the evaluation before, with
  dropout where there is some, and without penalties. The ratio's geometric mean
  over tasks and seeds; None where losses were not recorded.
  """
  ratios = [
    np.log(run.test[task.name]['loss'] / point.train_loss[task.name])
    for run in cell.completed
    for task in cell.tasks
    for point in run.curve
    if run.best_step.get(task.name) == point.step
    and _positive(point.train_loss.get(task.name))
    and _positive(run.test[task.name].get('loss'))
  ]
  return float(np.exp(np.mean(ratios))) if ratios else None


def _positive(value: float | None) -> bool:
  return value is not None and 0 < value < np.inf


def _first(run: Run, levels: Mapping, tasks: tuple[TaskInfo, ...]) -> float:
  """The step of the first evaluation that is no worse; inf if there is none."""
  separate = len(set(run.best_step.values())) > 1
  kept: dict[str, tuple[float, float | None]] = {}
  for point in run.curve:
    for task in tasks:
      own = point.valid[task.name]
      loss, before = own.get('loss'), kept.get(task.name)
      # Without a loss to choose by, the latest counts.
      later = loss is None or before is None or loss < before[0]
      if later or not separate:
        kept[task.name] = (loss or 0.0, own.get(task.metrics[0][0]))
    if _no_worse(kept, levels, tasks):
      return float(point.step)
  return np.inf


def _no_worse(kept: Mapping, levels: Mapping, tasks) -> bool:
  changes = []
  for task in tasks:
    metric, higher = task.metrics[0]
    value, level = kept[task.name][1], levels[task.name].get(metric)
    if value is None or not level:
      return False
    changes.append((1 if higher else -1) * (value - level) / abs(level))
  # Metrics are rounded where they are recorded.
  return bool(np.mean(changes) >= -1e-9)
