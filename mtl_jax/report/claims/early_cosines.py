"""What gradients say early in training, and whether it ranks what tasks lose.

The corrected cosine of two tasks has no noise of batches in it: products of
gradients of different batches, over the shared parameters. A task's early
cosine is the mean over the other tasks, in the first fifth of the training.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy import stats as scipy_stats

from mtl_jax.report import stats
from mtl_jax.report.interference import pairs
from mtl_jax.report.interference.probe_records import TOTAL
from mtl_jax.report.results import Cell

EARLY = 0.2  # of the steps
EXACT = 7  # tasks; of more, random permutations are drawn
RESAMPLES = 2000


class Early(NamedTuple):
  """What was measured early in the training of one scheme.

  Attributes:
    cell: that was probed.
    last: the last step of a probe that counts.
    cosines: by task, the mean over the others for each seed; NaN where a
      gradient was noise.
  """

  cell: Cell
  last: int
  cosines: dict[str, np.ndarray]


class Ranked(NamedTuple):
  """Spearman's correlation over tasks of early cosines and gains.

  Attributes:
    value: of the means over seeds; NaN if unknown.
    low: end of its 95 % interval, of these tasks, over seeds.
    high: likewise.
    p_value: of no relation, two-sided, over permutations of the tasks.
    least: the smallest p that so many tasks can give.
    tasks: number of them.
  """

  value: float
  low: float
  high: float
  p_value: float
  least: float
  tasks: int


def early(frame: pd.DataFrame, cell: Cell, steps: int) -> Early:
  """Takes the mean corrected cosine of each task to the others.

  Args:
    frame: of `probe_records.frame`.
    cell: that was probed.
    steps: of the whole training.
  """
  own = frame[frame['step'] <= max(EARLY * steps, frame['step'].min())]
  values = pairs.per_seed(own)
  rows = values[
    (values['measure'] == pairs.CORRECTED) & (values['module'] == TOTAL)
  ]
  means = rows.groupby(['task_i', 'seed'])['value'].mean()
  seeds = [run.seed for run in cell.completed]
  return Early(
    cell,
    int(own['step'].max()),
    {
      task.name: np.array(
        [means.get((task.name, seed), math.nan) for seed in seeds], float
      )
      for task in cell.tasks
    },
  )


def intervals(found: Early) -> dict[str, stats.Interval]:
  """Returns the mean cosine of each task with its interval."""
  return {
    task: stats.interval(
      values[np.isfinite(values)], found.cell.test_over_train
    )
    for task, values in found.cosines.items()
  }


def ranked(
  cosines: Float[np.ndarray, 'tasks seeds'],
  gains: Float[np.ndarray, 'tasks seeds'],
  test_over_train: float | None = None,
) -> Ranked:
  """Correlates early cosines with what the tasks gained.

  The p-value takes tasks for drawn at random, and speaks of other tasks; the
  interval is a bootstrap over seeds, and speaks of these. Resplits overlap, so
  as many are drawn as independent ones would have the same variance.

  Args:
    cosines: NaN where unknown.
    gains: likewise.
    test_over_train: as in `stats.paired`.
  """
  known = np.isfinite(cosines).any(1) & np.isfinite(gains).any(1)
  cosines, gains = cosines[known], gains[known]
  count = len(cosines)
  if count < 3:  # two ranks agree or not, whatever the numbers
    return Ranked(*[math.nan] * 5, count)
  value = _of_means(cosines, gains)
  least = 2 / math.factorial(count)
  draw = np.random.default_rng(0)
  seeds = cosines.shape[1]
  size = max(2, round(1 / stats.share(seeds, test_over_train)))
  drawn = draw.integers(seeds, size=(RESAMPLES, size))
  values = [_of_means(cosines[:, own], gains[:, own]) for own in drawn]
  low, high = np.nanquantile(values, (0.025, 0.975))
  return Ranked(
    value, float(low), float(high), _p_value(cosines, gains, draw), least, count
  )


def _of_means(cosines: np.ndarray, gains: np.ndarray) -> float:
  a, b = (_ranks(values) for values in (cosines, gains))
  if not (a.std() > 0 and b.std() > 0):
    return math.nan
  return float(np.corrcoef(a, b)[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
  # A task that no resampled seed knows has the middle of the others.
  known = np.isfinite(values)
  means = np.where(known, values, 0).sum(1) / np.maximum(known.sum(1), 1)
  means[~known.any(1)] = np.median(means[known.any(1)])
  return scipy_stats.rankdata(means)


def _p_value(cosines, gains, draw: np.random.Generator) -> float:
  """Of the modulus of the correlation, over permutations of the tasks."""
  a, b = (_ranks(values) for values in (cosines, gains))
  if not (a.std() > 0 and b.std() > 0):
    return math.nan
  if len(a) <= EXACT:
    orders = np.array([*itertools.permutations(range(len(a)))])
  else:
    orders = draw.permuted(np.tile(np.arange(len(a)), (9999, 1)), axis=1)
    orders = np.vstack([np.arange(len(a)), orders])  # its own is one of them
  centred = a - a.mean()
  products = np.abs((b - b.mean())[orders] @ centred)
  own = abs(centred @ (b - b.mean()))
  return float((products >= own - 1e-9).mean())
