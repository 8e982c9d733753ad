"""Delta_m of a cell, and its variants: other metrics' zero, other tasks."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mtl_jax.report import stats
from mtl_jax.report.results import Cell, TaskInfo


class Change(NamedTuple):
  """Delta_m with its interval, in percent; NaN: unknown."""

  mean: float = np.nan
  low: float = np.nan
  high: float = np.nan


def primary(cell: Cell) -> list[TaskInfo]:
  """Returns the tasks that Delta_m counts: the primary ones, or all."""
  named = cell.header.get('primary') or [task.name for task in cell.tasks]
  return [task for task in cell.tasks if task.name in named]


def deltas(
  cell: Cell, base: Cell, tasks: Sequence[TaskInfo] | None = None
) -> tuple[list[int], stats.DeltaM]:
  """Returns Delta_m of each seed, from the headline metrics.

  Args:
    cell: to compare.
    base: the baseline, with the same tasks.
    tasks: those that count; by default `primary`.

  Returns:
    The seeds that are complete in both cells, and Delta_m of each.
  """
  tasks = tasks or primary(cell)
  seeds, own, base_values = _matrices(cell, base, tasks)
  names = [f'{task.name} ({task.metrics[0][0]})' for task in tasks]
  higher = [task.metrics[0][1] for task in tasks]
  return seeds, stats.paired_delta_m(own, base_values, higher, names=names)


def change(cell: Cell, base: Cell, tasks=None) -> Change:
  """Returns Delta_m and its interval, over the seeds of both cells."""
  delta = deltas(cell, base, tasks)[1].per_seed
  return _change(delta, base)


def of_whole_models(cell: Cell, base: Cell) -> Change | None:
  """Returns Delta_m of one checkpoint per model, where each task has its own.

  None where the cell has no such results.
  """
  found = {r.seed for r in cell.completed if r.test_model}
  if not found:
    return None
  runs = tuple(
    run._replace(test=run.test_model) for run in cell.setting if run.test_model
  )
  return change(cell._replace(setting=runs), base)


def over_chance(cell: Cell, base: Cell) -> tuple[Change, list[str]]:
  """Returns Delta_m over metrics less their value by chance.

  An AUC of .6 is .1 above chance, so .62 is a gain of 20 % instead of 3 %. The
  value by chance is the one that the metric declares; an RMSE's is that of the
  best constant, rmse / sqrt(1 - r2), where R2 is known. Others stay as they
  are.

  Args:
    cell: to compare.
    base: the baseline, whose means are the denominators.

  Returns:
    The change, NaN where a denominator is too near to zero; and the names of
    tasks whose metric stays as it is.
  """
  tasks = primary(cell)
  levels = [_chance(base, task) for task in tasks]
  same = [t.name for t, c in zip(tasks, levels, strict=True) if c is None]
  seeds, own, values = _matrices(cell, base, tasks)
  if not seeds:
    return Change(), same
  zero = np.array([0.0 if level is None else level for level in levels])
  above = np.abs(values.mean(0) - zero)
  if not above.min() >= stats.NEAR_ZERO:
    return Change(), same
  signs = np.where([task.metrics[0][1] for task in tasks], 1.0, -1.0)
  return _change(100 * (signs * (own - values) / above).mean(1), base), same


def left_out(cell: Cell, base: Cell) -> dict[str, float]:
  """Returns Delta_m without each of its tasks, by that task's name."""
  tasks = primary(cell)
  if len(tasks) < 2:
    return {}
  rest = {t.name: [other for other in tasks if other != t] for t in tasks}
  found = {name: change(cell, base, own).mean for name, own in rest.items()}
  return {name: mean for name, mean in found.items() if np.isfinite(mean)}


def _change(per_seed: np.ndarray | None, base: Cell) -> Change:
  if per_seed is None:
    return Change()
  test = stats.one_sample(per_seed, stats.PERCENT, base.test_over_train)
  return Change(*test[:3])


def _matrices(cell: Cell, base: Cell, tasks: Sequence[TaskInfo]):
  """Common seeds, and the headlines of both cells at them, `[seeds, tasks]`."""
  own, base_values = (
    [one.values(task.name, task.metrics[0][0]) for task in tasks]
    for one in (cell, base)
  )
  # A seed counts if every task has its headline metric in both cells.
  seeds = sorted(set.intersection(*map(set, own + base_values)))
  return seeds, _matrix(own, seeds), _matrix(base_values, seeds)


def _matrix(columns: list[dict[int, float]], seeds: list[int]) -> np.ndarray:
  return np.array([[column[s] for column in columns] for s in seeds])


def _chance(base: Cell, task: TaskInfo) -> float | None:
  metric = task.metrics[0][0]
  chances = {t['name']: t.get('chance') for t in base.header['tasks']}
  known = (chances.get(task.name) or {}).get(metric)
  if known is not None or metric != 'rmse':
    return known
  rmse, r2 = (base.values(task.name, name) for name in ('rmse', 'r2'))
  constants = [
    rmse[seed] / (1 - r2[seed]) ** 0.5
    for seed in rmse.keys() & r2.keys()
    if r2[seed] < 1
  ]
  return float(np.mean(constants)) if constants else None
