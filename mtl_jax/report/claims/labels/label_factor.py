"""How many times the labels sharing is worth, from curves over labels.

Of each seed there is the quality of a scheme and of `single` at several shares
of the training labels. Between shares quality is interpolated in the logarithm
of the share. The factor of labels F is that at which `single` with F times the
labels is as good as the scheme, on the mean over the shares below 1.

Inverting the curve of each seed would be biased: curves of single trainings are
noisy, not monotone, and end. Here a factor is tested instead: the differences
of the seeds between the scheme, and `single` with F times the labels, are those
of a paired t test, and the interval holds the factors that the test does not
reject, as in Fieller's theorem (Quarterly J. Pharmacology 17, 1944). The test
of F = 1 is that of a difference at equal labels. Where `single` learns nothing
from more labels, no factor is rejected.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from mtl_jax.report import p_values, power, stats
from mtl_jax.report.claims.labels.label_interpolation import (
  grid_of,
  rising,
  root,
  weights,
)

MARGIN = 0.1  # factors within 10 % of 1 are equivalent to it
POINTS = 400  # of the grid of factors on either side of 1


class Factor(NamedTuple):
  """A factor of labels, its 95 % interval and its tests; NaN: unknown.

  Attributes:
    estimate: of the factor.
    low: end of the interval.
    high: likewise.
    bounds: the smallest and the largest factor that the curve allows to
      measure; where an end or the estimate is one of them, the factor may lie
      beyond.
    p_value: of a factor of 1, two-sided; None if unknown.
    p_equivalent: of a factor that differs from 1 by `MARGIN` or more.
    shifts: by which the curve of `single` rises over the grid of factors, for
      `detectable`.
    spread: standard deviation over seeds of the differences at equal labels.
    part: variance of their mean over that of one.
    seeds: their number.
  """

  estimate: float
  low: float
  high: float
  bounds: tuple[float, float]
  p_value: float | None
  p_equivalent: float | None
  shifts: tuple[np.ndarray, np.ndarray]
  spread: float
  part: float
  seeds: int

  def detectable(self, level: float = stats.ALPHA) -> float:
    """Returns the smallest factor above 1 shown with 80 % power.

    Args:
      level: of the test, after division by the size of its family.

    Returns:
      Infinity where no factor that the curve allows to measure would be shown.
    """
    std = power.typical(self.spread, self.seeds)
    wanted = power.detectable(std, self.seeds, self.part, level)
    if not math.isfinite(wanted):
      return math.nan
    factors, rise = self.shifts
    enough = np.flatnonzero(rise >= wanted)
    return float(factors[enough[0]]) if len(enough) else math.inf


def of_all(
  shares: Sequence[float],
  single: Float[np.ndarray, 'seeds shares'],
  scheme: Float[np.ndarray, 'seeds shares'],
  test_over_train: float | None = None,
) -> Factor:
  """Returns one factor for all shares below 1.

  Beyond its ends the curve of `single` is continued straight in the logarithm
  of the share; no factor is larger than from its first to its last share.

  Args:
    shares: ascending, the last is 1.
    single: quality of `single`; higher is better.
    scheme: quality of a scheme on the same seeds.
    test_over_train: units of test over units of training, for resplits.
  """
  most = -math.log(shares[0])
  used = range(len(shares) - 1)
  return _factor(shares, single, scheme, used, (-most, most), test_over_train)


def of_share(
  shares: Sequence[float],
  single: Float[np.ndarray, 'seeds shares'],
  scheme: Float[np.ndarray, 'seeds shares'],
  at: int,
  test_over_train: float | None = None,
) -> Factor:
  """Returns the factor at one share, within the shares of the curve.

  Args:
    shares: as in `of_all`, as the other arguments.
    single: quality of `single`.
    scheme: quality of a scheme.
    at: number of the share, below the last.
    test_over_train: for resplits.
  """
  here = math.log(shares[at])
  ends = math.log(shares[0]) - here, -here
  return _factor(shares, single, scheme, [at], ends, test_over_train)


def _factor(shares, single, scheme, used, ends, test_over_train) -> Factor:
  n, part = len(single), stats.share(len(single), test_over_train)
  grid, one = grid_of(ends, POINTS)
  logs = np.log(np.asarray(shares)[[*used]])
  # [grid, shares]: `single` at every factor, on the mean over the used shares.
  moved = weights(shares, logs + grid[:, None]).mean(axis=1)
  own = scheme[:, [*used]].mean(axis=1)
  lacking = own[:, None] - single @ moved.T  # [seeds, grid]
  tails = _tails(lacking, part)
  estimate = root(grid, -lacking.mean(axis=0))
  low, high = _ends(grid, tails, estimate)
  p_value = float(tails[one])
  rise = rising(single.mean(axis=0) @ (moved - moved[one]).T)
  return Factor(
    *np.exp([estimate, low, high]).tolist(),
    bounds=tuple(np.exp(ends).tolist()),
    p_value=None if math.isnan(p_value) else p_value,
    p_equivalent=_equivalent(shares, single, own, logs, part),
    shifts=(np.exp(grid[one:]), rise[one:]),
    spread=float(lacking[:, one].std(ddof=1)) if n > 1 else math.nan,
    part=part,
    seeds=n,
  )


def _tails(differences, part) -> np.ndarray:
  """Two-sided p-values of mean zero of each column `[seeds, columns]`."""
  n = len(differences)
  if n < 2:
    return np.full(differences.shape[1], np.nan)
  size = float(np.abs(differences).max(initial=0))
  mean, std = differences.mean(axis=0), differences.std(axis=0, ddof=1)
  rounding = stats.ROUNDING * size
  return p_values.p_different(mean, std, n, part, rounding)


def _ends(grid, tails, estimate: float) -> tuple[float, float]:
  """The interval from the least to the largest factor not rejected."""
  if np.isnan(tails).all():
    return math.nan, math.nan
  left = [*grid[tails >= 1 - stats.LEVEL], estimate]
  return float(min(left)), float(max(left))


def _equivalent(shares, single, own, logs, part) -> float | None:
  """The larger of two one-sided p-values, see `stats.equivalence`."""
  far = math.log1p(MARGIN)
  ends = weights(shares, logs + np.array([[far], [-far]])).mean(axis=1)
  lacking = own[:, None] - single @ ends.T
  if len(own) < 2:
    return None
  tails = _tails(lacking, part) / 2
  # More labels must be better than the scheme, and fewer worse.
  right = np.array([-1, 1]) * lacking.mean(axis=0) > 0
  return float(np.where(right, tails, 1 - tails).max())
