"""P-values of the t tests of `stats`, for one set of differences or many."""

import numpy as np
from scipy import special


def share(n: int, test_over_train: float | None = None) -> float:
  """Returns the variance of the mean of n values over that of one value."""
  return 1 / max(n, 1) + (test_over_train or 0)


def p_different(mean, std, n: int, part, rounding):
  """Returns the two-sided p-value of mean zero; NaN for fewer than two values.

  Args:
    mean: of differences, a number or an array.
    std: of the same.
    n: number of differences.
    part: from `share`.
    rounding: spread and mean below which differences are rounding.

  Returns:
    In the shape of `mean`.
  """
  with np.errstate(divide='ignore', invalid='ignore'):
    tails = 2 * special.stdtr(n - 1, -np.abs(mean) / (std * part**0.5))
  signs = np.where(np.abs(mean) <= rounding, 1.0, _signs(part))
  return _of_two(n, np.where(std <= rounding, signs, tails))


def p_apart(mean, std, n: int, part, rounding, margin):
  """Returns the p-value of `|mean| >= margin`, as `p_different` does."""
  room = margin - np.abs(mean)
  with np.errstate(divide='ignore', invalid='ignore'):
    tail = special.stdtr(n - 1, -room / (std * part**0.5))
  signs = np.where(room > rounding, _signs(part), 1.0)
  return _of_two(n, np.where(std <= rounding, signs, tail))


def _signs(part: float) -> float:
  """The p-value where all differences are equal, and t has no spread.

  Equal differences are common in a metric of few steps (accuracy, small test
  split): t would be infinite, and the exact sign test keeps the level. It takes
  independent signs. Resplits have rows in common, so they count as the number
  of independent values whose mean has the same variance, 1 / share.
  """
  return min(1.0, 2.0 ** (1 - 1 / part))


def _of_two(n: int, p_values):
  return p_values if n > 1 else np.full_like(p_values, np.nan)
