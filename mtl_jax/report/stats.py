"""Statistics of paired runs: intervals, corrected tests, equivalence, Holm."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from mtl_jax.report.p_values import p_apart, p_different, share
from mtl_jax.report.relative import (
  NEAR_ZERO,
  DeltaM,
  delta_m,
  paired_delta_m,
)

__all__ = [
  'NEAR_ZERO',
  'DeltaM',
  'delta_m',
  'p_apart',
  'p_different',
  'paired_delta_m',
  'share',
]

LEVEL = 0.95  # of confidence intervals
ALPHA = 0.05  # of corrected tests
# The size of values whose relative changes are given in percent: `scale` of
# `one_sample` for gains and Delta_m.
PERCENT = 100.0
# Verdicts. Equivalent: the difference is smaller than a margin that was fixed
# beforehand; undecided: neither a difference nor equivalence is shown.
BETTER, WORSE = 'better', 'worse'
EQUIVALENT, UNDECIDED = 'equivalent', 'undecided'
# The margin of equivalence as a share of the baseline: 1 %.
MARGIN = 0.01
# Metrics are computed in float32: what differs by less is rounding.
ROUNDING = 1e-6


class Interval(NamedTuple):
  """Mean, standard deviation (n - 1) and 95 % t interval; NaN: unknown."""

  mean: float
  std: float
  low: float
  high: float


class Paired(NamedTuple):
  """Mean difference, its 95 % interval (NaN: unknown), two-sided p or None."""

  mean: float
  low: float
  high: float
  p_value: float | None


def interval(
  values: ArrayLike, test_over_train: float | None = None
) -> Interval:
  """Returns the t interval of the mean of values.

  Args:
    values: `[n]`.
    test_over_train: units of test over units of training, for resplits: the
      interval is then that of the corrected test, see `paired`.

  Returns:
    In the unit of the values. One value has no spread and none has no mean:
    what is unknown is NaN.
  """
  values = np.asarray(values, float)
  mean, std = _moments(values)
  half = _half_width(std, values.size, share(values.size, test_over_train))
  return Interval(mean, std, mean - half, mean + half)


def paired(
  a: ArrayLike, b: ArrayLike, test_over_train: float | None = None
) -> Paired:
  """Tests whether the mean of a - b is zero.

  A paired t-test; with `test_over_train` the corrected resampled t-test for
  resplits that overlap: Nadeau and Bengio, Machine Learning 52, 2003, with
  variance s^2 (1/n + n_test/n_train).

  Args:
    a: `[n]`.
    b: `[n]`, paired with `a`.
    test_over_train: units of test over units of training, for resplits.

  Returns:
    The mean difference, its interval and p-value.

  Raises:
    ValueError: the shapes differ.
  """
  a, b = np.asarray(a, float), np.asarray(b, float)
  if a.shape != b.shape:
    raise ValueError(f'paired values differ in number: {a.shape}, {b.shape}')
  scale = max(np.abs(a).max(initial=0), np.abs(b).max(initial=0))
  return one_sample(a - b, float(scale), test_over_train)


def one_sample(
  differences: ArrayLike, scale: float, test_over_train: float | None = None
) -> Paired:
  """Tests whether the mean of differences is zero, as `paired` does.

  Args:
    differences: `[n]`.
    scale: the size of the values that were subtracted. Differences below
      `ROUNDING` times that are rounding.
    test_over_train: units of test over units of training, for resplits.

  Returns:
    The mean difference, its interval and p-value.
  """
  differences = np.asarray(differences, float)
  n = differences.size
  mean, std = _moments(differences)
  part = share(n, test_over_train)
  half = _half_width(std, n, part)
  p_value = _known(p_different(mean, std, n, part, ROUNDING * scale))
  return Paired(mean, mean - half, mean + half, p_value)


def equivalence(
  differences: ArrayLike,
  margin: float,
  scale: float,
  test_over_train: float | None = None,
) -> float | None:
  """Tests whether the mean of differences lies within a margin around zero.

  Two one-sided tests (Schuirmann, J. Pharmacokinetics and Biopharmaceutics 15,
  1987) with the statistic of `paired`: p < alpha if and only if the
  (1 - 2 alpha) interval of the mean lies inside +-margin.

  Args:
    differences: `[n]`.
    margin: in the unit of the differences, above zero.
    scale: as in `one_sample`.
    test_over_train: units of test over units of training, for resplits.

  Returns:
    The p-value of `|mean| >= margin`; None where it is unknown.
  """
  differences = np.asarray(differences, float)
  n = differences.size
  mean, std = _moments(differences)
  part = share(n, test_over_train)
  return _known(p_apart(mean, std, n, part, ROUNDING * scale, margin))


def named(test_over_train: float | None) -> str:
  """Returns the name of the test that `paired` makes."""
  if test_over_train is None:
    return 'paired t'
  return 'corrected resampled t, Nadeau and Bengio 2003'


def holm(p_values: Sequence[float | None]) -> list[float | None]:
  """Returns p-values adjusted by Holm's method (1979).

  Args:
    p_values: of one family of tests; None is not counted as a test.

  Returns:
    Adjusted p-values, in the order given; None stays None.
  """
  known = [i for i, p in enumerate(p_values) if p is not None]
  adjusted, running = list(p_values), 0.0
  # The smallest of n p-values is multiplied by n, the next by n - 1, and so on;
  # none may become smaller than the one before.
  for rank, i in enumerate(sorted(known, key=lambda i: p_values[i])):
    running = max(running, min(1.0, (len(known) - rank) * p_values[i]))
    adjusted[i] = running
  return adjusted


def _moments(values: np.ndarray) -> tuple[float, float]:
  mean = float(values.mean()) if values.size else np.nan
  std = float(values.std(ddof=1)) if values.size > 1 else np.nan
  return mean, std


def _half_width(std: float, n: int, share: float) -> float:
  if n < 2:
    return np.nan
  return float(special.stdtrit(n - 1, (1 + LEVEL) / 2)) * std * share**0.5


def _known(p_value) -> float | None:
  return None if np.isnan(p_value) else float(p_value)
