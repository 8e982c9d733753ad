"""Learning curves as paired differences to single: + is better."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mtl_jax.report import many, stats
from mtl_jax.report.agreement import baseline, ordered
from mtl_jax.report.compare import counts
from mtl_jax.report.results import Cell, TaskInfo

MOST_STEPS = 60  # of a curve that are drawn; evaluations may be thousands


class Curve(NamedTuple):
  """A middle and an interval by step, each `[steps]`; NaN: unknown."""

  steps: np.ndarray
  middle: np.ndarray
  low: np.ndarray
  high: np.ndarray


class Panel(NamedTuple):
  """The curves of one task, or of all tasks of one metric.

  Attributes:
    name: of the task, or their number.
    quantity: what is drawn, with its unit.
    curves: by the label of the cell, without those that have none.
  """

  name: str
  quantity: str
  curves: dict[str, Curve]


def compared(cells: Sequence[Cell]) -> list[Cell]:
  """Returns the cells that are trained in steps and are not the baseline."""
  return [c for c in ordered(cells) if not (c.is_baseline or c.is_reference)]


def panels(cells: Sequence[Cell], units) -> list[Panel]:
  """Returns a panel for each task, or for each metric of many tasks.

  Args:
    cells: of the table.
    units: of a task and its metric, such as `drawing.unit`.

  Returns:
    Of a task: the mean over seeds of the validation headline less that of
    single at the same seed and step, with its 95 % interval, corrected for
    resplits that overlap. Of many tasks: median and quartiles over tasks of
    such means, in % of single's last value. Signs are such that + is better.
  """
  base, shown = baseline(cells), compared(cells)
  tasks = base.tasks
  if many.too_many(tasks):
    return [
      Panel(f'{len(own)} tasks', f'{metric} gain, %', _summed(shown, base, own))
      for (metric, _), own in many.by_metric(tasks).items()
    ]
  return [
    Panel(
      task.name,
      f'{task.metrics[0][0]} gain{units(task.kind, task.metrics[0][0])}',
      _known({cell.label: of_task(cell, base, task) for cell in shown}),
    )
    for task in tasks
  ]


def of_task(cell: Cell, base: Cell, task: TaskInfo) -> Curve | None:
  """Returns the curve of a cell in one task; None if there are no pairs."""
  steps, gains = _gains(cell, base, task)
  if not len(steps):
    return None
  overlap = counts.valid_over_train(base)
  found = [stats.interval(g[np.isfinite(g)], overlap) for g in gains.T]
  return Curve(steps, *np.array([(f.mean, f.low, f.high) for f in found]).T)


def _summed(cells: list[Cell], base: Cell, tasks) -> dict[str, Curve]:
  return _known({c.label: _over_tasks(c, base, tasks) for c in cells})


def _over_tasks(cell: Cell, base: Cell, tasks) -> Curve | None:
  rows = []
  for task in tasks:
    steps, gains = _gains(cell, base, task)
    level = _last_level(base, task)
    if not len(steps) or not level > stats.NEAR_ZERO:
      continue
    rows.append((steps, 100 * _mean(gains) / level))
  # Of tasks whose evaluations differ, which a table has not, the first counts.
  rows = [row for row in rows if np.array_equal(row[0], rows[0][0])]
  if not rows:
    return None
  low, middle, high = np.nanquantile([v for _, v in rows], (0.25, 0.5, 0.75), 0)
  return Curve(rows[0][0], middle, low, high)


def _gains(cell: Cell, base: Cell, task: TaskInfo):
  """Steps, and gains `[seeds, steps]` of seeds that both cells have."""
  higher = task.metrics[0][1]
  own, other = _values(cell, task), _values(base, task)
  seeds = sorted(own.keys() & other.keys())
  common = [own[seed].keys() & other[seed].keys() for seed in seeds]
  steps = _thinned(sorted(set().union(*common)))
  gains = [
    [own[s].get(t, np.nan) - other[s].get(t, np.nan) for t in steps]
    for s in seeds
  ]
  sign = 1 if higher else -1
  # A step at which no seed has a pair has nothing to show.
  gains = sign * np.array(gains, float).reshape(len(seeds), len(steps))
  known = np.isfinite(gains).any(0) if len(seeds) else np.zeros(0, bool)
  return np.array(steps)[known], gains[:, known]


def _values(cell: Cell, task: TaskInfo) -> dict[int, dict[int, float]]:
  """By seed and step."""
  metric = task.metrics[0][0]
  found = {}
  for run in cell.completed:
    own = {p.step: p.valid[task.name].get(metric) for p in run.curve}
    found[run.seed] = {s: v for s, v in own.items() if v is not None}
  return {seed: own for seed, own in found.items() if own}


def _thinned(steps: list[int]) -> list[int]:
  if len(steps) <= MOST_STEPS:
    return steps
  kept = np.linspace(0, len(steps) - 1, MOST_STEPS).round().astype(int)
  return [steps[i] for i in kept]


def _last_level(base: Cell, task: TaskInfo) -> float:
  curves = _values(base, task).values()
  return abs(float(np.mean([own[max(own)] for own in curves])))


def _mean(gains: np.ndarray) -> np.ndarray:
  return np.nanmean(gains, axis=0)


def _known(curves: dict[str, Curve | None]) -> dict[str, Curve]:
  return {label: curve for label, curve in curves.items() if curve is not None}
