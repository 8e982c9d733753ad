"""Errors of regressions in the unit of the label.

Labels are standardised for training, each seed by its own training rows, and so
are the errors in the records. Errors of different seeds are in one unit only
after they are multiplied by the standard deviation of their seed's labels.
Delta_m is a mean of relative changes and takes them as they are recorded.
"""

from collections.abc import Sequence
from typing import Any

from mtl_jax.report.results import Cell

NAMELESS = 'own unit'  # of a label whose unit has no name


def of(cell: Cell, task: str, metric: str) -> str:
  """Returns the unit of a metric that is shown in the label's own unit.

  Args:
    cell: of the table.
    task: its name.
    metric: its name.

  Returns:
    The unit; '' for a metric that is shown as it is recorded.
  """
  scale = _scale(cell, task, metric)
  return (scale['unit'] or NAMELESS) if scale else ''


def factor(cell: Cell, task: str, metric: str, seed: int) -> float:
  """Returns what a recorded value of a seed is multiplied by.

  Args:
    cell: of the table.
    task: its name.
    metric: its name.
    seed: of the run.

  Returns:
    The standard deviation of the seed's training labels in their unit; 1 for a
    metric that is shown as it is recorded.
  """
  scale = _scale(cell, task, metric)
  # JSON has made text of the seeds.
  return float(scale['std'][str(seed)]) if scale else 1.0


def values(cell: Cell, task: str, metric: str) -> dict[int, float]:
  """Returns a test metric by seed, as `Cell.values`, in the unit of `of`."""
  return {
    seed: value * factor(cell, task, metric, seed)
    for seed, value in cell.values(task, metric).items()
  }


def unified(cells: Sequence[Cell]) -> list[Cell]:
  """Returns cells whose labels have a scale in all of them or in none.

  Records of older cells have none; a column of a table has one unit.
  """
  known = [set(cell.header.get('label_scales') or {}) for cell in cells]
  if all(own == known[0] for own in known):
    return list(cells)
  common = set.intersection(*known)
  return [_only(cell, common) for cell in cells]


def _only(cell: Cell, tasks: set[str]) -> Cell:
  scales = cell.header.get('label_scales') or {}
  kept = {task: scales[task] for task in scales if task in tasks}
  return cell._replace(header=cell.header | {'label_scales': kept})


def _scale(cell: Cell, task: str, metric: str) -> dict[str, Any] | None:
  scale = (cell.header.get('label_scales') or {}).get(task)
  if not scale:
    return None
  named = next(t for t in cell.header['tasks'] if t['name'] == task)
  return scale if metric in named.get('in_label_unit', ()) else None
