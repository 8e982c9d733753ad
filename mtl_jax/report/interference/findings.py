"""Where, when and between which tasks there is most and least conflict."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from mtl_jax.report import stats
from mtl_jax.report.interference import pairs
from mtl_jax.report.interference.looks import TOTAL, by_depth
from mtl_jax.report.interference.pairs import CORRECTED, Found

Pair = tuple[str, str]


class Contrast(NamedTuple):
  """Two of several, and the first less the second, paired over seeds.

  `values` are [seeds] of each, `p_value` is corrected for the choice.
  """

  names: tuple[str, str]
  values: tuple[np.ndarray, np.ndarray]
  difference: stats.Paired
  p_value: float | None

  @property
  def shown(self) -> bool:
    return self.p_value is not None and self.p_value < 1 - stats.LEVEL


def ends(found: Found) -> dict[str, Pair]:
  """The most conflicting and the most agreeing pair, where there are two."""
  means = found.of(CORRECTED)['mean']
  if len(means) < 4:  # Each pair is there in both orders.
    return {}
  low, high = means.idxmin(), means.idxmax()
  return {
    f'lowest corrected cosine: {low[0]}, {low[1]}': low,
    f'highest corrected cosine: {high[0]}, {high[1]}': high,
  }


def curve(found: Found, measure: str, pair: Pair | None) -> pd.DataFrame:
  """By step: mean, low and high over seeds; of all pairs where None."""
  rows = _of(found, measure, TOTAL)
  if pair:
    mine = (rows['task_i'] == pair[0]) & (rows['task_j'] == pair[1])
    rows = rows[mine]
  by_seed = rows.groupby(['step', 'seed'])['value'].mean().unstack()
  lines = {}
  for step, values in by_seed.iterrows():
    told = stats.interval(values.dropna())
    lines[step] = {'mean': told.mean, 'low': told.low, 'high': told.high}
  return pd.DataFrame.from_dict(lines, orient='index')


def by_module(found: Found) -> pd.DataFrame:
  """The conflict rate, modules in order of depth x steps."""
  table = _of_modules(found).pivot_table(
    index='module', columns='step', values='value'
  )
  return table.loc[by_depth([*table.index])]


def over_pairs(found: Found, measure: str) -> stats.Paired:
  """The mean over looks and pairs, of all modules."""
  rows = _of(found, measure, TOTAL)
  values = rows.groupby('seed')['value'].mean()
  return stats.one_sample(values, 1.0, found.cell.test_over_train)


def of_features(found: Found) -> Contrast | None:
  """Tasks whose features are most and least like those of the task alone."""
  rows = _of(found, 'cka_single', 'features')
  rows = rows[rows['task_i'] == rows['task_j']]
  likeness = rows.pivot_table(index='seed', columns='task_i', values='value')
  return extremes(likeness, found.cell.test_over_train)


def in_depth(found: Found) -> Contrast | None:
  """Modules with the most and the least conflict; None for one module."""
  rows = _of_modules(found)
  rates = rows.pivot_table(index='seed', columns='module', values='value')
  return extremes(rates, found.cell.test_over_train)


def extremes(table: pd.DataFrame, ratio: float | None) -> Contrast | None:
  """The highest against the lowest column, `table` being [seeds, names].

  They were chosen for being apart: the p-value is that of all pairs of
  columns, by Bonferroni.
  """
  table = table.dropna()
  count = table.shape[1]
  if count < 2 or table.empty:
    return None
  means = table.mean()
  high, low = means.idxmax(), means.idxmin()
  return _contrast(
    (high, low), (table[high], table[low]), ratio, count * (count - 1) // 2
  )


def in_time(found: Found, measure: str, tests: int = 1) -> Contrast | None:
  """Mean over pairs: the last against the first third of looks.

  `tests` is how many such are made. None for fewer than three looks.
  """
  steps = np.sort(found.frame.loc[_looked(found), 'step'].unique())
  size = len(steps) // 3
  if not size:
    return None
  frame, parts = found.frame[_looked(found)], []
  for kept in (steps[-size:], steps[:size]):
    means = pairs.per_seed(frame[frame['step'].isin(kept)])
    rows = means[(means['measure'] == measure) & (means['module'] == TOTAL)]
    parts.append(rows.groupby('seed')['value'].mean())
  both = pd.concat(parts, axis=1, join='inner')
  if both.empty:
    return None
  columns = both.iloc[:, 0], both.iloc[:, 1]
  names = ('last', 'first')
  return _contrast(names, columns, found.cell.test_over_train, tests)


def _contrast(names, columns, ratio, tests: int) -> Contrast:
  values = tuple(column.to_numpy() for column in columns)
  found = stats.one_sample(values[0] - values[1], 1.0, ratio)
  p_value = found.p_value
  adjusted = None if p_value is None else min(1.0, tests * p_value)
  return Contrast(names, values, found, adjusted)


def _of_modules(found: Found) -> pd.DataFrame:
  rows = found.frame[found.frame['measure'] == 'conflict']
  return rows[rows['module'] != TOTAL]


def _of(found: Found, measure: str, module: str) -> pd.DataFrame:
  rows = found.frame
  return rows[(rows['measure'] == measure) & (rows['module'] == module)]


def _looked(found: Found) -> pd.Series:
  return found.frame['module'] != 'features'
