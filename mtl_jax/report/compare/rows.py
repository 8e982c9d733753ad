"""The table as a frame: every cell against `single`, paired and corrected."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mtl_jax.report import stats
from mtl_jax.report.agreement import baseline, ordered
from mtl_jax.report.results import Cell, TaskInfo

COST = ('params', 'flops_per_step', 'steps_per_second', 'seconds')
SPREAD = ('mean', 'std', 'ci_low', 'ci_high')
TEST = ('diff', 'diff_ci_low', 'diff_ci_high', 'p_value', 'p_holm')
COLUMNS = (
  *('dataset', 'scheme', 'balancer', 'task', 'metric', 'higher_is_better'),
  *('n_seeds', *SPREAD, *TEST, 'verdict', *COST),
)


def rows(cells: Sequence[Cell]) -> pd.DataFrame:
  """Makes the long table of cells.

  `diff` is the paired difference to `single` with balancer `equal`, in the
  metric's own unit; Delta_m (task ALL) is in percent, + is better. Both have
  95 % intervals.

  Args:
    cells: in any order.

  Returns:
    `COLUMNS`: a row per (scheme, balancer, task, metric), and one of Delta_m
    per (scheme, balancer).

  Raises:
    InputError: the cells cannot be compared.
  """
  cells = ordered(cells)
  base = baseline(cells)
  table = [row for cell in cells for row in _cell_rows(cell, base)]
  _correct(table)
  return pd.DataFrame({name: _column(table, name) for name in COLUMNS})


def deltas(cell: Cell, base: Cell) -> tuple[list[int], stats.DeltaM]:
  """Returns Delta_m of each seed, from the headline metrics.

  Args:
    cell: to compare.
    base: the baseline, with the same tasks.

  Returns:
    The seeds that are complete in both cells, and Delta_m of each.
  """
  own, base_values = _headlines(cell), _headlines(base)
  # A seed counts if every task has its headline metric in both cells.
  seeds = sorted(set.intersection(*map(set, own + base_values)))
  names = [f'{task.name} ({task.metrics[0][0]})' for task in cell.tasks]
  return seeds, stats.paired_delta_m(
    _matrix(own, seeds),
    _matrix(base_values, seeds),
    _directions(cell.tasks),
    names=names,
  )


def _cell_rows(cell: Cell, base: Cell) -> list[dict]:
  name = {key: cell.header[key] for key in ('dataset', 'scheme', 'balancer')}
  cost = {key: cell.cost.get(key) for key in COST}
  metrics = [
    _metric_row(cell, base, task.name, metric, up)
    for task in cell.tasks
    for metric, up in task.metrics
  ]
  return [name | row | cost for row in [*metrics, _delta_row(cell, base)]]


def _metric_row(cell: Cell, base: Cell, task, metric, higher) -> dict:
  own, base_values = cell.values(task, metric), base.values(task, metric)
  mean, std, low, high = stats.interval(list(own.values()))
  row = _row(task, metric, higher, len(own), mean, std, low, high)
  if cell.is_baseline:
    return row
  # The test takes common seeds; the mean above is over all of the cell's.
  seeds = sorted(own.keys() & base_values.keys())
  return row | _difference(
    stats.paired(
      [own[s] for s in seeds],
      [base_values[s] for s in seeds],
      base.test_over_train,
    )
  )


def _delta_row(cell: Cell, base: Cell) -> dict:
  seeds, delta = deltas(cell, base)
  if cell.is_baseline:
    # The baseline's change against itself is 0, without a spread.
    mean = np.nan if delta.per_seed is None else 0.0
    return _row('ALL', 'delta_m', True, len(seeds), mean)
  if delta.per_seed is None:
    return _row('ALL', 'delta_m', True, len(seeds))
  test = stats.one_sample(delta.per_seed, stats.PERCENT, base.test_over_train)
  std = stats.interval(delta.per_seed).std
  row = _row('ALL', 'delta_m', True, len(seeds), test.mean, std, *test[1:3])
  return row | _difference(test)


def _row(task, metric, higher, n, mean=np.nan, std=np.nan, *ends) -> dict:
  low, high = ends or (np.nan, np.nan)
  return {
    'task': task,
    'metric': metric,
    'higher_is_better': higher,
    'n_seeds': n,
    'mean': mean,
    'std': std,
    'ci_low': low,
    'ci_high': high,
    'p_value': None,
  }


def _difference(test: stats.Paired) -> dict:
  return dict(zip(TEST[:-1], test, strict=True))


def _column(table: list[dict], name: str):
  values = [row.get(name) for row in table]
  # None is NaN, also in a column that holds nothing else.
  return np.array(values, float) if name in SPREAD + TEST + COST else values


def _correct(table: list[dict]) -> None:
  """Applies Holm's correction, with the headlines as gatekeepers.

  One family is the headlines and Delta_m, the other the secondary metrics. A
  secondary metric is never shown where its task's headline is not, so two
  copies of one scheme differ somewhere in at most `stats.ALPHA` of all tables.
  """
  gates, first, second = {}, [], []
  for row in table:
    key = (row['scheme'], row['balancer'], row['task'])
    # The first row of a task is its headline; Delta_m counts as a task.
    (second if key in gates else first).append(row)
    gates.setdefault(key, row)
  for family in (first, second):
    adjusted = stats.holm([row['p_value'] for row in family])
    for row, p_holm in zip(family, adjusted, strict=True):
      row['p_holm'] = p_holm
  for row in second:
    gate = gates[row['scheme'], row['balancer'], row['task']]['p_holm']
    if row['p_holm'] is not None:
      # The gate: never smaller than the p-value of the headline.
      row['p_holm'] = max(row['p_holm'], 1.0 if gate is None else gate)
  for row in table:
    row['verdict'] = _verdict(row)


def _verdict(row: dict) -> str:
  if (row['scheme'], row['balancer']) == ('single', 'equal'):
    return ''
  if row['p_holm'] is None or row['p_holm'] >= stats.ALPHA:
    return stats.NO_DIFFERENCE
  return 'better' if (row['diff'] > 0) == row['higher_is_better'] else 'worse'


def _headlines(cell: Cell) -> list[dict[int, float]]:
  return [cell.values(task.name, task.metrics[0][0]) for task in cell.tasks]


def _directions(tasks: tuple[TaskInfo, ...]) -> list[bool]:
  return [task.metrics[0][1] for task in tasks]


def _matrix(columns: list[dict[int, float]], seeds: list[int]) -> np.ndarray:
  return np.array([[column[s] for column in columns] for s in seeds])
