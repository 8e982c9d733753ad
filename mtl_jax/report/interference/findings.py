"""Where, when and between which tasks there is most and least conflict."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from mtl_jax.report import stats
from mtl_jax.report.interference import pairs
from mtl_jax.report.interference.pairs import CORRECTED, Interference
from mtl_jax.report.interference.probe_records import FEATURES, TOTAL, by_depth

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
    return self.p_value is not None and self.p_value < stats.ALPHA


def ends(result: Interference) -> dict[str, Pair]:
  """The most conflicting and the most agreeing pair, where there are two."""
  means = result.of(CORRECTED)['mean']
  if len(means) < 4:  # Each pair is there in both orders.
    return {}
  low, high = means.idxmin(), means.idxmax()
  return {
    f'lowest corrected cosine: {low[0]}, {low[1]}': low,
    f'highest corrected cosine: {high[0]}, {high[1]}': high,
  }


def curve(
  result: Interference, measure: str, pair: Pair | None
) -> pd.DataFrame:
  """By step: mean, low and high over seeds; of all pairs where None."""
  rows = _of(result, measure, TOTAL)
  if pair:
    own = (rows['task_i'] == pair[0]) & (rows['task_j'] == pair[1])
    rows = rows[own]
  by_seed = rows.groupby(['step', 'seed'])['value'].mean().unstack()
  lines = {}
  for step, values in by_seed.iterrows():
    over_seeds = stats.interval(values.dropna())
    lines[step] = {
      'mean': over_seeds.mean,
      'low': over_seeds.low,
      'high': over_seeds.high,
    }
  return pd.DataFrame.from_dict(lines, orient='index')


def by_module(result: Interference) -> pd.DataFrame:
  """The conflict rate, modules in order of depth x steps."""
  table = _of_modules(result).pivot_table(
    index='module', columns='step', values='value'
  )
  return table.loc[by_depth([*table.index])]


def over_pairs(result: Interference, measure: str) -> stats.Paired:
  """The mean over looks and pairs, of all modules."""
  rows = _of(result, measure, TOTAL)
  values = rows.groupby('seed')['value'].mean()
  return stats.one_sample(values, 1.0, result.cell.test_over_train)


def of_features(result: Interference) -> Contrast | None:
  """Tasks whose features are most and least like those of the task alone."""
  rows = _of(result, 'cka_single', FEATURES)
  rows = rows[rows['task_i'] == rows['task_j']]
  likeness = rows.pivot_table(index='seed', columns='task_i', values='value')
  return extremes(likeness, result.cell.test_over_train)


def in_depth(result: Interference) -> Contrast | None:
  """Modules with the most and the least conflict; None for one module."""
  rows = _of_modules(result)
  rates = rows.pivot_table(index='seed', columns='module', values='value')
  return extremes(rates, result.cell.test_over_train)


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


def in_time(
  result: Interference, measure: str, tests: int = 1
) -> Contrast | None:
  """Mean over pairs: the last against the first third of looks.

  `tests` is how many such are made. None for fewer than three looks.
  """
  steps = np.sort(result.frame.loc[_of_probes(result), 'step'].unique())
  size = len(steps) // 3
  if not size:
    return None
  frame, parts = result.frame[_of_probes(result)], []
  for third in (steps[-size:], steps[:size]):
    means = pairs.per_seed(frame[frame['step'].isin(third)])
    rows = means[(means['measure'] == measure) & (means['module'] == TOTAL)]
    parts.append(rows.groupby('seed')['value'].mean())
  both = pd.concat(parts, axis=1, join='inner')
  if both.empty:
    return None
  columns = both.iloc[:, 0], both.iloc[:, 1]
  names = ('last', 'first')
  return _contrast(names, columns, result.cell.test_over_train, tests)


def _contrast(names, columns, ratio, tests: int) -> Contrast:
  values = tuple(column.to_numpy() for column in columns)
  test = stats.one_sample(values[0] - values[1], 1.0, ratio)
  p_value = test.p_value
  adjusted = None if p_value is None else min(1.0, tests * p_value)
  return Contrast(names, values, test, adjusted)


def _of_modules(result: Interference) -> pd.DataFrame:
  rows = result.frame[result.frame['measure'] == 'conflict']
  return rows[rows['module'] != TOTAL]


def _of(result: Interference, measure: str, module: str) -> pd.DataFrame:
  rows = result.frame
  return rows[(rows['measure'] == measure) & (rows['module'] == module)]


def _of_probes(result: Interference) -> pd.Series:
  return result.frame['module'] != FEATURES
