"""A table of more tasks than can be read one by one: what stands for them.

Quartiles over tasks, the worst, the largest gains and losses, and how many
verdicts there are. The long table keeps every task.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mtl_jax.report.results import Cell, TaskInfo

MOST = 12  # tasks that have a column and a panel each

Metric = tuple[str, bool]  # name, higher is better


def too_many(tasks: Sequence[TaskInfo]) -> bool:
  """Whether tasks are summed up."""
  return len(tasks) > MOST


def by_metric(tasks: Sequence[TaskInfo]) -> dict[Metric, list[TaskInfo]]:
  """Tasks by their headline metric."""
  groups: dict[Metric, list[TaskInfo]] = {}
  for task in tasks:
    groups.setdefault(task.metrics[0], []).append(task)
  return groups


def header(tasks: Sequence[TaskInfo]) -> list[str]:
  """Names of the columns that stand for tasks."""
  names = []
  for (metric, higher), own in by_metric(tasks).items():
    title = f'{metric} {"↑" if higher else "↓"}'
    names += [f'{title} of {len(own)}: median', 'quartiles', 'worst']
  return [*names, 'better/worse', 'most gained', 'most lost']


def entries(cell: Cell, own: pd.DataFrame, base: pd.DataFrame) -> list[str]:
  """What stands for the tasks of one cell.

  Args:
    cell: of the table.
    own: its headline rows, by task.
    base: those of the baseline.
  """
  columns = []
  for (_, higher), tasks in by_metric(cell.tasks).items():
    values = own.loc[[task.name for task in tasks], 'mean'].dropna()
    columns += _spread(values, higher)
  if cell.is_baseline:
    return [*columns, '–', '–', '–']
  names = [task.name for task in cell.tasks]
  verdicts = own.loc[names, 'verdict']
  better, worse = ((verdicts == word).sum() for word in ('better', 'worse'))
  change = gains(own, base, names)['gain'].dropna()
  return [*columns, f'{better}/{worse}', *_extremes(change)]


def gains(
  own: pd.DataFrame, base: pd.DataFrame, names: Sequence[str]
) -> pd.DataFrame:
  """Each task's gain over the baseline in %, + is better, with its interval.

  Args:
    own: headline rows of a cell, by task.
    base: those of the baseline.
    names: of the tasks.

  Returns:
    `gain`, `low`, `high` and `verdict` by task; NaN where that is unknown.
  """
  own, base = own.loc[names], base.loc[names]
  sign = np.where(own['higher_is_better'].astype(bool), 1.0, -1.0)
  scale = 100 * sign / base['mean'].abs().replace(0, np.nan)
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
  """The line above the table that says what its columns are."""
  if not too_many(tasks):
    return []
  return [
    f'Of {len(tasks)} tasks: median, quartiles and worst of their means over '
    'runs; how many are shown better/worse; the largest gain and loss over '
    'single in %. table.csv has every task.'
  ]


def some(names: Sequence[str], most: int = 3) -> str:
  """`a, b, c and 17 more`."""
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
