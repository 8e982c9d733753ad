"""Learning curves as paired differences to single: + is better."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mtl_jax.report import many, stats
from mtl_jax.report.agreement import baseline, ordered
from mtl_jax.report.compare import counts
from mtl_jax.report.results import Cell, TaskInfo

MOST_STEPS = 60  # of a curve that are drawn; evaluations may be thousands


Values = dict[int, dict[int, float]]  # by seed and step


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


def panels(cells: Sequence[Cell], units, most: int = MOST_STEPS) -> list[Panel]:
  """Returns a panel for each task, or for each metric of many tasks.

  Args:
    cells: of the table.
    units: of a task and its metric, such as `drawing.unit`.
    most: steps that are kept, the last among them.

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
      Panel(
        f'{len(own)} tasks',
        f'{metric} gain, %',
        _summed(shown, base, own, most),
      )
      for (metric, _), own in many.by_metric(tasks).items()
    ]
  return [
    Panel(
      task.name,
      f'{task.metrics[0][0]} gain{units(task.kind, task.metrics[0][0])}',
      _of_cells(shown, base, task, most),
    )
    for task in tasks
  ]


def of_task(
  cell: Cell, base: Cell, task: TaskInfo, most: int = MOST_STEPS
) -> Curve | None:
  """Returns the curve of a cell in one task; None if there are no pairs."""
  return _of_cells([cell], base, task, most).get(cell.label)


def _of_cells(cells, base: Cell, task: TaskInfo, most: int) -> dict[str, Curve]:
  other, overlap = _values(base, task), counts.valid_over_train(base)
  found = {}
  for cell in cells:
    steps, gains = _gains(cell, other, task, most)
    ends = [stats.interval(g[np.isfinite(g)], overlap) for g in gains.T]
    if ends:
      curve = np.array([(e.mean, e.low, e.high) for e in ends]).T
      found[cell.label] = Curve(steps, *curve)
  return found


def _summed(cells, base: Cell, tasks, most: int) -> dict[str, Curve]:
  others = [(task, _values(base, task)) for task in tasks]
  found = {c.label: _over_tasks(c, others, most) for c in cells}
  return {label: curve for label, curve in found.items() if curve is not None}


def _over_tasks(cell: Cell, others: list, most: int) -> Curve | None:
  rows = []
  for task, other in others:
    steps, gains = _gains(cell, other, task, most)
    if len(steps) and (level := _last_level(other)) > stats.NEAR_ZERO:
      rows.append((steps, 100 * np.nanmean(gains, axis=0) / level))
  # Of tasks whose evaluations differ, which a table has not, the first counts.
  rows = [row for row in rows if np.array_equal(row[0], rows[0][0])]
  if not rows:
    return None
  low, middle, high = np.nanquantile([v for _, v in rows], (0.25, 0.5, 0.75), 0)
  return Curve(rows[0][0], middle, low, high)


def _gains(cell: Cell, other: Values, task: TaskInfo, most: int):
  """Steps, and gains `[seeds, steps]` over the baseline's values `other`."""
  own = _values(cell, task)
  seeds = sorted(own.keys() & other.keys())
  common = [own[seed].keys() & other[seed].keys() for seed in seeds]
  # Every step has a pair of at least one seed.
  steps = _thinned(sorted(set().union(*common)), most)
  gains = [
    [own[s].get(t, np.nan) - other[s].get(t, np.nan) for t in steps]
    for s in seeds
  ]
  sign = 1 if task.metrics[0][1] else -1
  gains = np.array(gains, float).reshape(len(seeds), len(steps))
  return np.array(steps), sign * gains


def _values(cell: Cell, task: TaskInfo) -> Values:
  """By seed and step."""
  metric = task.metrics[0][0]
  found = {}
  for run in cell.completed:
    own = {p.step: p.valid[task.name].get(metric) for p in run.curve}
    found[run.seed] = {s: v for s, v in own.items() if v is not None}
  return {seed: own for seed, own in found.items() if own}


def _thinned(steps: list[int], most: int) -> list[int]:
  if len(steps) <= most:
    return steps
  # From the end, so that the last is kept whatever their number.
  kept = np.linspace(len(steps) - 1, 0, most).round().astype(int)
  return [steps[i] for i in sorted(kept)]


def _last_level(other: Values) -> float:
  return abs(float(np.mean([own[max(own)] for own in other.values()])))
