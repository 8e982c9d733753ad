"""Tuning curves: what the best of n draws is expected to reach on test.

"Show Your Work", Dodge et al., arXiv:1909.03004, section 3, with draws without
replacement, which has no bias at n below the number of draws.
"""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float

from mtl_jax.report import stats
from mtl_jax.report.results import Cell, Run
from mtl_jax.report.selected import score, separate
from mtl_jax.report.tuning.merging import Tuned

COLUMNS = ('scheme', 'balancer', 'draws', 'n_seeds', 'mean', 'low', 'high')


def best_of(
  scores: Float[np.ndarray, 'draws'], values: Float[np.ndarray, 'draws']
) -> Float[np.ndarray, 'draws']:
  """Returns the expected value of the best of 1, 2, ... random draws.

  Args:
    scores: the lowest is the best; infinity if the draw failed.
    values: what each draw reaches.

  Returns:
    Of n = 1, 2, ... draws without replacement; those of which every one failed
    do not count. NaN if all draws failed.
  """
  scores, values = np.asarray(scores, float), np.asarray(values, float)
  order = np.argsort(scores, kind='stable')
  completed = int(np.isfinite(scores).sum())
  if not completed:
    return np.full(scores.size, np.nan)
  weights = chances(scores.size)[:, :completed]
  return (weights * values[order[:completed]]).sum(1) / weights.sum(1)


def chances(count: int) -> Float[np.ndarray, 'draws draws']:
  """Returns the chance that the best of n of N draws has a rank.

  Args:
    count: N.

  Returns:
    Of n = 1, ..., N in rows: C(N - 1 - i, n - 1) / C(N, n) for rank i in
    columns, the best of all first.
  """
  n = np.arange(1, count + 1)
  columns = [n / count]
  for i in range(count - 1):
    left = np.maximum(count - i - n, 0) / (count - 1 - i)
    columns.append(columns[-1] * left)
  return np.stack(columns, axis=1)


def curves(tuned: Sequence[Tuned]) -> pd.DataFrame:
  """Returns the tuning curve of every row.

  Args:
    tuned: the rows of a table; the baseline is one of them.

  Returns:
    `COLUMNS`: expected Delta_m in percent, over the baseline at the
    configuration's own setting, of the best of `draws` random draws, with its
    95 % interval, corrected for resplits.
  """
  base = next(row for row in tuned if row.cell.is_baseline).untuned
  rows = []
  for row in tuned:
    names = {key: row.cell.header[key] for key in ('scheme', 'balancer')}
    for n, values in enumerate(of_row(row, base).T, start=1):
      known = values[np.isfinite(values)]
      test = stats.one_sample(known, stats.PERCENT, base.test_over_train)
      spread = {'mean': test.mean, 'low': test.low, 'high': test.high}
      rows.append({**names, 'draws': n, 'n_seeds': known.size, **spread})
  return pd.DataFrame(rows, columns=list(COLUMNS))


def of_row(row: Tuned, base: Cell) -> Float[np.ndarray, 'seeds draws']:
  """Returns the expected Delta_m of the best of n draws, for every seed.

  Args:
    row: a tuned row.
    base: the baseline at the configuration's own setting.

  Returns:
    In percent; NaN where a seed has no value.
  """
  counted = row.cell.header.get('primary') or [t.name for t in row.cell.tasks]
  towers = separate(row.cell.runs)
  gains = []
  for task in row.cell.tasks:
    if task.name not in counted:
      continue
    scores = _scores(row, task.name if towers else None)
    values = _gains(row, base, task.name, *task.metrics[0])
    gains.append(
      [best_of(*pair) for pair in zip(scores.T, values.T, strict=True)]
    )
  return np.mean(gains, axis=0)


def _scores(row: Tuned, task: str | None) -> np.ndarray:
  """`[draws, seeds]`; of a choice for all seeds the same in each of them."""
  scores = np.array([[score(run, task) for run in own] for own in row.draws])
  if row.cell.header['split'] == 'resplit':
    return scores
  # A draw that failed with a seed has an infinite mean: it is not chosen.
  return np.broadcast_to(scores.mean(1, keepdims=True), scores.shape)


def _gains(
  row: Tuned, base: Cell, task: str, metric: str, higher: bool
) -> np.ndarray:
  """Relative gains over the baseline `[draws, seeds]`, in percent."""
  found = base.values(task, metric)
  seeds = [run.seed for run in row.draws[0]]
  own = np.array([found.get(seed, math.nan) for seed in seeds])
  values = np.array(
    [[_value(run, task, metric) for run in runs] for runs in row.draws]
  )
  mean = abs(np.mean(list(found.values()))) if found else math.nan
  # Relative to a baseline near zero a change means nothing, as in Delta_m.
  scale = mean if mean >= stats.NEAR_ZERO else math.nan
  sign = 1 if higher else -1
  return stats.PERCENT * sign * (values - own) / scale


def _value(run: Run, task: str, metric: str) -> float:
  value = run.test[task].get(metric) if run.test else None
  return math.nan if value is None else float(value)
