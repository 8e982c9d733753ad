"""The table as a frame: every cell against `single`, paired and corrected."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mtl_jax.report import stats, units
from mtl_jax.report.agreement import baseline, ordered
from mtl_jax.report.compare import extra_columns, verdicts
from mtl_jax.report.compare.deltas import deltas
from mtl_jax.report.results import Cell

COST = ('params', 'flops_per_step', 'steps_per_second', 'seconds')
SPREAD = ('mean', 'std', 'ci_low', 'ci_high')
TEST = ('diff', 'diff_ci_low', 'diff_ci_high', 'p_value', 'p_holm')
MARGIN = ('diff_std', 'margin', 'p_equivalent', 'p_equivalent_holm')
COLUMNS = (
  *('dataset', 'scheme', 'balancer', 'task', 'metric', 'higher_is_better'),
  *('n_seeds', *SPREAD, *TEST, 'verdict', *COST),
  *(*MARGIN, 'detectable', *extra_columns.NAMES),
  *('unit', 'mean_standardised'),
)
NUMBERS = (
  *(*SPREAD, *TEST, *COST, *MARGIN, 'detectable', *extra_columns.NUMBERS),
  'mean_standardised',
)


def rows(cells: Sequence[Cell], margin: float = stats.MARGIN) -> pd.DataFrame:
  """Makes the long table of cells.

  `diff` is the paired difference to `single` with balancer `equal`, in the
  metric's own unit; Delta_m (task ALL) is in percent, + is better. Errors of
  regressions are in the `unit` of the label where records have its scale, and
  `mean_standardised` is the mean in standard deviations of the labels. All
  intervals are 95 % intervals of the corrected test. `detectable` is the
  smallest true difference that the row would have shown with 80 % power in the
  first step of its family (behind an open gate), in the unit of `diff`.

  Args:
    cells: in any order.
    margin: of equivalence, as a share of the baseline: of Delta_m 100 times
      that in % points, of a headline that share of the baseline's mean.

  Returns:
    `COLUMNS`: a row per (scheme, balancer, task, metric), and one of Delta_m
    per (scheme, balancer), which also has the columns of `extra_columns`.

  Raises:
    InputError: the cells cannot be compared.
  """
  cells = ordered(cells)
  base = baseline(cells)
  table = [row for cell in cells for row in of_cell(cell, base, margin)]
  verdicts.judge(table)
  extra_columns.add(table, cells, margin)
  return pd.DataFrame({name: _column(table, name) for name in COLUMNS})


def of_cell(cell: Cell, base: Cell, margin: float) -> list[dict]:
  """Returns the rows of one cell, without verdicts.

  Args:
    cell: of the table.
    base: the baseline.
    margin: as in `rows`.
  """
  name = {key: cell.header[key] for key in ('dataset', 'scheme', 'balancer')}
  cost = {key: cell.cost.get(key) for key in COST}
  metrics = [
    _metric_row(cell, base, task.name, metric, up, margin * (i == 0))
    for task in cell.tasks
    for i, (metric, up) in enumerate(task.metrics)
  ]
  delta = _delta_row(cell, base, margin)
  return [name | row | cost for row in [*metrics, delta]]


def _metric_row(cell, base, task, metric, higher, margin: float) -> dict:
  """A margin of 0 asks for no equivalence."""
  own, base_values = (units.values(c, task, metric) for c in (cell, base))
  spread = stats.interval(list(own.values()), base.test_over_train)
  row = _row(task, metric, higher, len(own), *spread)
  row |= _unit(cell, task, metric)
  if cell.is_baseline:
    return row
  # The test takes common seeds; the mean above is over all of the cell's.
  seeds = sorted(own.keys() & base_values.keys())
  a, b = (np.array([values[s] for s in seeds]) for values in (own, base_values))
  scale = max(np.abs(a).max(initial=0), np.abs(b).max(initial=0))
  level = abs(b.mean()) if len(seeds) else np.nan
  # In the recorded unit: in its own, a small number may be a large error.
  recorded = base.values(task, metric)
  near = abs(np.mean([recorded[s] for s in seeds])) if seeds else np.nan
  # Negated, so that a NaN is refused as well.
  own_margin = margin * level if not near < stats.NEAR_ZERO else np.nan
  return row | _difference(a - b, scale, base, own_margin)


def _unit(cell: Cell, task: str, metric: str) -> dict:
  """The unit, and the mean of what the records hold."""
  unit, recorded = units.of(cell, task, metric), cell.values(task, metric)
  mean = np.mean(list(recorded.values())) if unit and recorded else np.nan
  return {'unit': unit, 'mean_standardised': mean}


def _delta_row(cell: Cell, base: Cell, margin: float) -> dict:
  seeds, delta = deltas(cell, base)
  size = {'margin': 100 * margin}
  if cell.is_baseline:
    # The baseline's change against itself is 0, without a spread.
    mean = np.nan if delta.per_seed is None else 0.0
    return _row('ALL', 'delta_m', True, len(seeds), mean) | size
  if delta.per_seed is None:
    return _row('ALL', 'delta_m', True, len(seeds)) | size
  test = _difference(delta.per_seed, stats.PERCENT, base, 100 * margin)
  ends = test['diff_ci_low'], test['diff_ci_high']
  spread = test['diff'], test['diff_std'], *ends
  return _row('ALL', 'delta_m', True, len(seeds), *spread) | test


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


def _difference(values, scale: float, base: Cell, margin: float) -> dict:
  overlap = base.test_over_train
  test = stats.one_sample(values, float(scale), overlap)
  known = {
    'diff_std': stats.interval(values).std,
    'n_pairs': len(values),
    'share': stats.share(len(values), overlap),
  }
  if margin > 0:
    known['margin'] = margin
    known['p_equivalent'] = stats.equivalence(
      values, margin, float(scale), overlap
    )
  return known | dict(zip(TEST[:-1], test, strict=True))


def _column(table: list[dict], name: str):
  values = [row.get(name) for row in table]
  # None is NaN, also in a column that holds nothing else.
  return np.array(values, float) if name in NUMBERS else values
