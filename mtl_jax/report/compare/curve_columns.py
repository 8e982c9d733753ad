"""What validation curves tell: when a row is as good as `single`; the gap."""

from collections.abc import Mapping, Sequence

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
    first_step(run, levels[run.seed], cell.tasks)
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


def first_step(
  run: Run, levels: Mapping, tasks: Sequence[TaskInfo], least: float = 0.0
) -> float:
  """Returns the step of the first evaluation that is good enough.

  Args:
    run: with its curve.
    levels: by task and metric, such as `valid` of a run of the baseline.
    tasks: those that count.
    least: the mean relative change to the levels that is good enough, + is
      better; 0 is as good as they are.

  Returns:
    The step; inf if there is none.
  """
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
    values = {name: value for name, (_, value) in kept.items()}
    # Metrics are rounded where they are recorded.
    if mean_change(values, levels, tasks) >= least - 1e-9:
      return float(point.step)
  return np.inf


def mean_change(
  values: Mapping[str, float | None],
  levels: Mapping,
  tasks: Sequence[TaskInfo],
) -> float:
  """Returns the mean relative change of headlines to levels; + is better.

  Args:
    values: of the headline, by task.
    levels: by task and metric.
    tasks: those that count.

  Returns:
    As a share of the levels; NaN where one is unknown or 0.
  """
  changes = []
  for task in tasks:
    metric, higher = task.metrics[0]
    value, level = values[task.name], levels[task.name].get(metric)
    if value is None or not level:
      return np.nan
    changes.append((1 if higher else -1) * (value - level) / abs(level))
  return float(np.mean(changes))
