"""A table of too many tasks to be read one by one: columns that summarise them.

Quartiles over tasks, the worst, the largest gains and losses, and counts of
verdicts. The long table has every task.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mtl_jax.report import stats
from mtl_jax.report.results import Cell, TaskInfo

MOST = 12  # tasks that have a column and a panel each

Metric = tuple[str, bool]  # name, higher is better


def too_many(tasks: Sequence[TaskInfo]) -> bool:
  """Returns whether columns summarise the tasks."""
  return len(tasks) > MOST


def by_metric(tasks: Sequence[TaskInfo]) -> dict[Metric, list[TaskInfo]]:
  """Groups tasks by their headline metric, in order."""
  groups: dict[Metric, list[TaskInfo]] = {}
  for task in tasks:
    groups.setdefault(task.metrics[0], []).append(task)
  return groups


def header(tasks: Sequence[TaskInfo]) -> list[str]:
  """Returns the names of the columns that summarise tasks."""
  names = []
  for (metric, higher), own in by_metric(tasks).items():
    title = f'{metric} {"↑" if higher else "↓"}'
    names += [f'{title} of {len(own)}: median', 'quartiles', 'worst']
  return [*names, '▲/▼/=', 'most gained', 'most lost']


def entries(cell: Cell, own: pd.DataFrame, base: pd.DataFrame) -> list[str]:
  """Summarises the tasks of one cell, in the order of `header`.

  Args:
    cell: one of the table.
    own: its headline rows by task, from `layout.of_cell`.
    base: the same of the baseline.

  Returns:
    An entry per column.
  """
  columns = []
  for (_, higher), tasks in by_metric(cell.tasks).items():
    values = _recorded(own, tasks).dropna()
    columns += _spread(values, higher)
  if cell.is_baseline:
    return [*columns, '–', '–', '–']
  names = [task.name for task in cell.tasks]
  verdicts = own.loc[names, 'verdict']
  words = (stats.BETTER, stats.WORSE, stats.EQUIVALENT)
  counts = '/'.join(str((verdicts == word).sum()) for word in words)
  change = gains(own, base, names)['gain'].dropna()
  return [*columns, counts, *_extremes(change)]


def _recorded(own: pd.DataFrame, tasks: Sequence[TaskInfo]) -> pd.Series:
  """Means of tasks in a unit that they have in common, that of the records."""
  own = own.loc[[task.name for task in tasks]]
  return own['mean_standardised'].fillna(own['mean'])


def gains(
  own: pd.DataFrame, base: pd.DataFrame, names: Sequence[str]
) -> pd.DataFrame:
  """Returns each task's gain over the baseline in %, + is better.

  Args:
    own: headline rows of a cell by task, from `layout.of_cell`.
    base: the same of the baseline.
    names: of the tasks.

  Returns:
    `gain`, the ends `low` and `high` of its interval, and `verdict` by task;
    NaN where they are unknown.
  """
  own, base = own.loc[names], base.loc[names]
  sign = np.where(own['higher_is_better'].astype(bool), 1.0, -1.0)
  # A baseline of 0 has no relative change.
  scale = 100 * sign / base['mean'].abs().replace(0, np.nan)
  # A negative sign swaps the ends of an interval.
  ends = np.sort([scale * own[f'diff_ci_{end}'] for end in ('low', 'high')], 0)
  return pd.DataFrame(
    {
      'gain': scale * own['diff'],
      'low': ends[0],
      'high': ends[1],
      'verdict': own['verdict'],
    },
    index=own.index,
  )


def meaning(tasks: Sequence[TaskInfo]) -> list[str]:
  """Returns the line above the table that explains its columns, if any."""
  if not too_many(tasks):
    return []
  return [
    f'Of {len(tasks)} tasks: median, quartiles and worst of their means over '
    'runs; how many are better, worse and equivalent; the largest gain and '
    'loss over single in %. table.csv has every task.'
  ]


def some(names: Sequence[str], most: int = 3) -> str:
  """Lists names up to a number, such as `a, b, c and 17 more`.

  Args:
    names: all of them.
    most: how many to list; one more is listed rather than counted.

  Returns:
    The text.
  """
  if len(names) <= most + 1:
    return ', '.join(names)
  return f'{", ".join(names[:most])} and {len(names) - most} more'


def _spread(values: pd.Series, higher: bool) -> list[str]:
  if values.empty:
    return ['–', '–', '–']
  low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
  name = values.idxmin() if higher else values.idxmax()
  quartiles = f'{low:.3g} to {high:.3g}'
  return [f'{middle:.3g}', quartiles, f'{values[name]:.3g} ({name})']


def _extremes(change: pd.Series) -> list[str]:
  if change.empty:
    return ['–', '–']
  most, least = change.idxmax(), change.idxmin()
  return [
    f'{change[most]:+.3g} ({most})' if change[most] > 0 else '–',
    f'{change[least]:+.3g} ({least})' if change[least] < 0 else '–',
  ]
