"""Quality over shares of the training labels, from cells of every share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from mtl_jax.report import stats
from mtl_jax.report.agreement import baseline
from mtl_jax.report.results import Cell, TaskInfo


class Setting(NamedTuple):
  """One setting: which tasks have few labels, and what follows.

  Attributes:
    name: of it, for rows, such as 'cd496 scarce'.
    quality: of which tasks it is, for axes.
    tasks: whose labels are scarce, and of which quality is measured.
    shares: of their training labels, ascending, the last is 1.
    counts: known training labels of these tasks at each share.
    cells: by share, `single` among them.
    seeds: on which `single` is complete.
    gains: by scheme, `[seeds, shares]`: the mean over tasks of the change of
      the headline against `single` with all labels, in %; + is better. `single`
      is among them, with zeros at the last share. NaN where a run failed; a
      scheme without a complete seed is left out. Empty with a `reason`.
    overlap: test over training units for resplits, else None.
    reason: why there are no gains; ''.
  """

  name: str
  quality: str
  tasks: tuple[TaskInfo, ...]
  shares: tuple[float, ...]
  counts: tuple[int, ...]
  cells: Mapping[float, Sequence[Cell]]
  seeds: tuple[int, ...]
  gains: Mapping[str, np.ndarray]
  overlap: float | None
  reason: str = ''

  @property
  def schemes(self) -> list[str]:
    """The schemes that share, in order."""
    return [name for name in self.gains if name != 'single']


def make(
  name: str,
  quality: str,
  tasks: Sequence[TaskInfo],
  cells: Mapping[float, Sequence[Cell]],
) -> Setting:
  """Collects the curves of one setting.

  Args:
    name: as in `Setting`, as the next one.
    quality: for axes.
    tasks: whose labels are scarce.
    cells: by share, `single` among them; at 1 there may be more schemes.
  """
  shares = tuple(sorted(cells))
  whole = baseline(cells[shares[-1]])
  # Schemes in the order of the smallest share.
  names = [cell.scheme for cell in cells[shares[0]]]
  rows = {n: [_of(cells[share], n) for share in shares] for n in names}
  seeds = _complete(rows['single'], tasks)
  base = _values(whole, tasks, seeds)
  higher = [task.metrics[0][1] for task in tasks]
  titles = [f'{task.name} ({task.metrics[0][0]})' for task in tasks]

  def against(cell):
    own = _values(cell, tasks, seeds)
    return stats.paired_delta_m(own, base, higher, names=titles)

  # The reason lies with the baseline.
  reason = against(whole).reason
  gains = {
    scheme: np.stack([against(cell).per_seed for cell in row], axis=1)
    for scheme, row in rows.items()
    if not reason
  }
  whole_seeds = {n: np.isfinite(own).all(1).any() for n, own in gains.items()}
  return Setting(
    name,
    quality,
    tuple(tasks),
    shares,
    tuple(_labels(cells[share][0], tasks) for share in shares),
    cells,
    tuple(seeds),
    {name: own for name, own in gains.items() if whole_seeds[name]},
    whole.test_over_train,
    reason,
  )


def _of(cells: Sequence[Cell], scheme: str) -> Cell:
  return next(cell for cell in cells if cell.scheme == scheme)


def _complete(cells: Sequence[Cell], tasks: Sequence[TaskInfo]) -> list[int]:
  """Seeds on which all these cells have the headlines of the tasks."""
  found = [
    set(cell.values(task.name, task.metrics[0][0]))
    for cell in cells
    for task in tasks
  ]
  return sorted(set.intersection(*found))


def _values(cell: Cell, tasks: Sequence[TaskInfo], seeds) -> np.ndarray:
  """Headlines `[seeds, tasks]` on the test split; NaN of a failed run."""
  columns = [cell.values(task.name, task.metrics[0][0]) for task in tasks]
  shape = len(seeds), len(tasks)
  return np.array([[c.get(s, np.nan) for c in columns] for s in seeds]).reshape(
    shape
  )


def _labels(cell: Cell, tasks: Sequence[TaskInfo]) -> int:
  counts = cell.header['card']['counts']
  return sum(counts[f'train/{task.name}'] for task in tasks)
