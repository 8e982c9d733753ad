"""Statistics of paired runs: intervals, corrected tests, Holm, Delta_m."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

LEVEL = 0.95  # of confidence intervals
ALPHA = 0.05  # of corrected tests
# The size of values whose relative changes are given in percent: `scale` of
# `one_sample` for gains and Delta_m.
PERCENT = 100.0
NO_DIFFERENCE = 'no difference shown'  # the verdict of a test at `ALPHA`
# Metrics are computed in float32: what differs by less is rounding.
ROUNDING = 1e-6
# A relative change is refused where the baseline is nearer to zero than this.
NEAR_ZERO = 1e-3


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


class DeltaM(NamedTuple):
  """Delta_m of each seed in percent; None with a `reason` where refused."""

  per_seed: np.ndarray | None
  reason: str = ''


def interval(values: ArrayLike) -> Interval:
  """Returns the t interval of the mean of values.

  Args:
    values: `[n]`.

  Returns:
    In the unit of the values. One value has no spread and none has no mean:
    what is unknown is NaN.
  """
  values = np.asarray(values, float)
  mean, std = _moments(values)
  half = _half_width(std, values.size, 1 / max(values.size, 1))
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
    test_over_train: rows of test over rows of training, for resplits.

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
    test_over_train: rows of test over rows of training, for resplits.

  Returns:
    The mean difference, its interval and p-value.
  """
  differences = np.asarray(differences, float)
  n = differences.size
  mean, std = _moments(differences)
  share = 1 / max(n, 1) + (test_over_train or 0)
  half = _half_width(std, n, share)
  p_value = _p_value(mean, std, n, share, ROUNDING * scale)
  return Paired(mean, mean - half, mean + half, p_value)


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


def delta_m(
  values: ArrayLike,
  base: ArrayLike,
  higher_is_better: Sequence[bool],
  groups: Sequence[Sequence[int]],
  convention: str = 'P',
) -> float:
  """Returns the mean relative change of metrics against a baseline, in percent.

  The two conventions can rank methods differently. This function is for
  published tables, which give metrics without seeds; the report itself uses
  `paired_delta_m`.

  Args:
    values: `[metrics]`.
    base: `[metrics]`, of the baseline.
    higher_is_better: per metric.
    groups: the indices of each task's metrics; only used by 'P'.
    convention: 'P', + is better, mean over tasks of the mean over each task's
      metrics (Maninis et al., arXiv:1904.08918); or 'N', + is worse, flat mean
      over the metrics (CAGrad, Nash-MTL).

  Returns:
    Delta_m.

  Raises:
    ValueError: another convention.
  """
  gains = _gains(values, base, base, higher_is_better)
  if convention == 'N':
    return -100 * float(gains.mean())
  if convention != 'P':
    raise ValueError(f"convention is 'P' or 'N', not {convention!r}")
  return 100 * float(_task_mean(gains, groups))


def paired_delta_m(
  values: ArrayLike,
  base: ArrayLike,
  higher_is_better: Sequence[bool],
  groups: Sequence[Sequence[int]] | None = None,
  near_zero: float = NEAR_ZERO,
  names: Sequence[str] | None = None,
) -> DeltaM:
  """Returns Delta_m (convention P) of each seed.

  The denominators are the baseline's means over seeds and the numerators are
  paired, so the mean over seeds is `delta_m` of the means, while the spread
  includes that of the baseline.

  Args:
    values: `[seeds, metrics]`.
    base: `[seeds, metrics]`, of the baseline.
    higher_is_better: per metric.
    groups: as in `delta_m`; without it every metric is a task of its own.
    near_zero: least modulus of a baseline's mean.
    names: of the metrics, for the reason.

  Returns:
    `[seeds]` in percent; or None and a reason if no seed is complete or the
    mean of a baseline is nearer to zero than `near_zero`.
  """
  values, base = np.asarray(values, float), np.asarray(base, float)
  if not len(values):
    return DeltaM(None, 'no seed is complete in both rows')
  means = base.mean(0)
  small = int(np.abs(means).argmin())
  # Negated, so that a NaN is refused as well.
  if not abs(means[small]) >= near_zero:
    name = names[small] if names else f'metric {small}'
    reason = f'the baseline of {name} is {means[small]:.3g}'
    return DeltaM(None, f'{reason}, nearer to zero than {near_zero:g}')
  groups = groups or [[i] for i in range(means.size)]
  gains = _gains(values, base, means, higher_is_better)
  return DeltaM(100 * _task_mean(gains, groups))


def _gains(values, base, denominator, higher_is_better) -> np.ndarray:
  values, base = np.asarray(values, float), np.asarray(base, float)
  signs = np.where(np.asarray(higher_is_better), 1.0, -1.0)
  # The modulus: a rise of a negative score is a gain too.
  return signs * (values - base) / np.abs(denominator)


def _task_mean(gains, groups):
  return np.mean([gains[..., list(g)].mean(-1) for g in groups], axis=0)


def _moments(values: np.ndarray) -> tuple[float, float]:
  mean = float(values.mean()) if values.size else np.nan
  std = float(values.std(ddof=1)) if values.size > 1 else np.nan
  return mean, std


def _half_width(std: float, n: int, share: float) -> float:
  if n < 2:
    return np.nan
  return float(special.stdtrit(n - 1, (1 + LEVEL) / 2)) * std * share**0.5


def _p_value(mean, std, n, share, rounding) -> float | None:
  if n < 2:
    return None
  if std <= rounding:
    # No spread to test against. Equal differences are common in a metric of
    # few steps (accuracy, small test split), and t would be infinite there;
    # the exact sign test keeps the level.
    return 1.0 if abs(mean) <= rounding else 2.0 ** (1 - n)
  return float(2 * special.stdtr(n - 1, -abs(mean) / (std * share**0.5)))
