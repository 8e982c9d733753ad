"""Probability of improvement and interquartile mean over data sets.

Agarwal et al., Deep Reinforcement Learning at the Edge of the Statistical
Precipice, arXiv:2108.13264. Data sets take the place of their tasks, and seeds
that of their runs. Bootstraps are stratified: seeds are drawn with replacement
within each data set.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import special

from mtl_jax.report import stats

REPEATS = 2000  # of the bootstrap


class Estimate(NamedTuple):
  """A value and its 95 % bootstrap interval."""

  value: float
  low: float
  high: float


class Pair(NamedTuple):
  """Scores of one data set, `[seeds]` each and paired by seed.

  Attributes:
    own: of the scheme.
    base: of the baseline.
    overlap: test over training units for resplits, which overlap; else 0.
  """

  own: np.ndarray
  base: np.ndarray
  overlap: float = 0.0


def of_any_runs(pairs: Sequence[Pair], seed: int = 0) -> Estimate:
  """Estimates P(X > Y) of any two runs, as Agarwal et al. define it.

  The mean over data sets of the share of all pairs of a run of the scheme and a
  run of the baseline that the scheme wins; ties count half. Seeds of the two
  are drawn independently. The interval is never narrower than Wilson's for so
  many runs: a bootstrap of few runs that all win has no width.

  Args:
    pairs: a data set each.
    seed: of the bootstrap.
  """
  wins = [_wins(p.own[:, None] - p.base[None, :]) for p in pairs]
  rng = np.random.default_rng(seed)
  samples = [
    np.einsum('bi,ij,bj->b', _counts(rng, len(w)), w, _counts(rng, len(w)))
    for w in wins
  ]
  value = float(np.mean([w.mean() for w in wins]))
  return _probability(value, np.mean(samples, 0), pairs)


def on_same_split(pairs: Sequence[Pair], seed: int = 0) -> Estimate:
  """Estimates P(X > Y) of two runs with one seed, and so on one split.

  What a split does to every scheme alike is then no noise. Seeds are drawn in
  pairs; the interval is never narrower than Wilson's, as above.

  Args:
    pairs: a data set each.
    seed: of the bootstrap.
  """
  wins = [_wins(p.own - p.base) for p in pairs]
  rng = np.random.default_rng(seed)
  samples = [_counts(rng, len(w)) @ w for w in wins]
  value = float(np.mean([w.mean() for w in wins]))
  return _probability(value, np.mean(samples, 0), pairs)


def interquartile_mean(pairs: Sequence[Pair], seed: int = 0) -> Estimate:
  """Estimates the mean of the middle half of all paired differences.

  Args:
    pairs: a data set each.
    seed: of the bootstrap.

  Returns:
    In the unit of the scores.
  """
  differences = [p.own - p.base for p in pairs]
  rng = np.random.default_rng(seed)
  drawn = [d[rng.integers(len(d), size=(REPEATS, len(d)))] for d in differences]
  value = middle_half(np.concatenate(differences)[None])[0]
  samples = middle_half(np.concatenate(drawn, 1))
  return _interval(float(value), samples, pairs)


def middle_half(
  values: Float[np.ndarray, 'repeats n'],
) -> Float[np.ndarray, 'repeats']:
  """Returns means without the lowest and highest quarter, rounded down."""
  cut = values.shape[1] // 4
  return np.sort(values, 1)[:, cut : values.shape[1] - cut].mean(1)


def _wins(differences: np.ndarray) -> np.ndarray:
  return (np.sign(differences) + 1) / 2


def _counts(rng: np.random.Generator, n: int) -> np.ndarray:
  """Shares of each seed in each bootstrap sample, `[REPEATS, n]`."""
  return rng.multinomial(n, np.full(n, 1 / n), REPEATS) / n


def wilson(value: float, n: float) -> tuple[float, float]:
  """Returns the 95 % interval of a probability (Wilson, JASA 22, 1927).

  Args:
    value: its estimate.
    n: trials, or how many would have the variance of the estimate.
  """
  z2 = float(special.ndtri((1 + stats.LEVEL) / 2)) ** 2
  middle = (value + z2 / (2 * n)) / (1 + z2 / n)
  half = (z2 * (value * (1 - value) / n + z2 / (4 * n**2))) ** 0.5
  return middle - half / (1 + z2 / n), middle + half / (1 + z2 / n)


def _probability(value, samples, pairs) -> Estimate:
  shares = [1 / len(p.own) + p.overlap for p in pairs]
  low, high = wilson(value, len(pairs) ** 2 / sum(shares))
  own = _interval(value, samples, pairs)
  ends = min(own.low, low), max(own.high, high)
  return Estimate(value, *(float(end) for end in np.clip(ends, 0, 1)))


def _interval(value, samples, pairs) -> Estimate:
  # A bootstrap takes seeds for independent, and resplits overlap. The variance
  # of a mean is (1/n + n_test/n_train) instead of 1/n times that of one run
  # (Nadeau and Bengio 2003); of several data sets the largest ratio is taken.
  widen = max(1 + len(p.own) * p.overlap for p in pairs) ** 0.5
  tail = 50 * (1 - stats.LEVEL)
  low, high = np.percentile(samples - value, (tail, 100 - tail)) * widen
  return Estimate(value, float(value + low), float(value + high))
