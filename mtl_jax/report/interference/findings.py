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
  """The difference of two chosen groups of values, paired over seeds.

  Attributes:
    names: of both.
    values: `[seeds]` of both.
    difference: the first less the second.
    p_value: of the difference, corrected for the choice; None if unknown.
  """

  names: tuple[str, str]
  values: tuple[np.ndarray, np.ndarray]
  difference: stats.Paired
  p_value: float | None

  @property
  def shown(self) -> bool:
    """Whether the corrected test shows a difference."""
    return self.p_value is not None and self.p_value < stats.ALPHA


def ends(result: Interference) -> dict[str, Pair]:
  """Returns the most conflicting and the most agreeing pair, with a label.

  Empty for fewer than two pairs.
  """
  means = result.of(CORRECTED)['mean']
  if len(means) < 4:  # Each pair is listed in both orders.
    return {}
  low, high = means.idxmin(), means.idxmax()
  return {
    f'lowest corrected cosine: {low[0]}, {low[1]}': low,
    f'highest corrected cosine: {high[0]}, {high[1]}': high,
  }


def curve(
  result: Interference, measure: str, pair: Pair | None
) -> pd.DataFrame:
  """Returns a measure by step, of all modules together.

  Args:
    result: what was measured.
    measure: its name.
    pair: of tasks; None for the mean over all pairs.

  Returns:
    `mean`, `low` and `high` over seeds, by step.
  """
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
  """Returns the conflict rate, `[modules, steps]`, in order of depth."""
  table = _of_modules(result).pivot_table(
    index='module', columns='step', values='value'
  )
  return table.loc[by_depth([*table.index])]


def over_pairs(result: Interference, measure: str) -> stats.Paired:
  """Returns the mean of a measure over probes and pairs, of all modules.

  Args:
    result: what was measured.
    measure: its name.

  Returns:
    The mean over seeds with its interval.
  """
  rows = _of(result, measure, TOTAL)
  values = rows.groupby('seed')['value'].mean()
  return stats.one_sample(values, 1.0, result.cell.test_over_train)


def of_features(result: Interference) -> Contrast | None:
  """Contrasts the tasks whose features are most and least like single's."""
  rows = _of(result, 'cka_single', FEATURES)
  # A task's features against those of its own single tower.
  rows = rows[rows['task_i'] == rows['task_j']]
  similarity = rows.pivot_table(index='seed', columns='task_i', values='value')
  return extremes(similarity, result.cell.test_over_train)


def in_depth(result: Interference) -> Contrast | None:
  """Contrasts the modules with the most and the least conflict.

  None for one module.
  """
  rows = _of_modules(result)
  rates = rows.pivot_table(index='seed', columns='module', values='value')
  return extremes(rates, result.cell.test_over_train)


def extremes(table: pd.DataFrame, ratio: float | None) -> Contrast | None:
  """Contrasts the columns with the highest and the lowest mean.

  They were chosen for being far apart, so the p-value is corrected for all
  pairs of columns, by Bonferroni.

  Args:
    table: `[seeds, names]`.
    ratio: test rows over training rows for resplits; else None.

  Returns:
    None for fewer than two columns or without a seed that has all.
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
  """Contrasts the last with the first third of probes, mean over pairs.

  Args:
    result: what was measured.
    measure: its name.
    tests: how many such contrasts are made, for the correction.

  Returns:
    None for fewer than three probes.
  """
  steps = np.sort(result.frame.loc[_of_probes(result), 'step'].unique())
  size = len(steps) // 3
  if not size:
    return None
  frame, parts = result.frame[_of_probes(result)], []
  for third in (steps[-size:], steps[:size]):
    # Pooled within the third: a corrected cosine is not a mean of cosines.
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
