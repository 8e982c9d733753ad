"""Intervals of numbers, and how ours are compared with published ones."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats as scipy_stats

from mtl_jax.report import stats

WITHIN, OUTSIDE = 'within', 'outside'


class Span(NamedTuple):
  """From `low` to `high`."""

  low: float
  high: float

  @property
  def middle(self) -> float:
    """Half way between the ends."""
    return (self.low + self.high) / 2


def not_comparable(why: str) -> str:
  """Returns the verdict on what cannot be compared."""
  return f'not comparable ({why})'


def overlap(ours: Span, published: Span) -> str:
  """Returns `WITHIN` if two intervals have a point in common.

  Args:
    ours: NaN where there is one run only.
    published: the interval or range.
  """
  if not all(map(math.isfinite, ours)):
    return not_comparable('one run has no interval')
  apart = ours.high < published.low or ours.low > published.high
  return OUTSIDE if apart else WITHIN


def of_mean(
  values: ArrayLike, test_over_train: float | None
) -> Callable[[float], Span]:
  """Returns the t interval of a mean as a function of its level.

  Args:
    values: `[n]`, such as paired differences.
    test_over_train: for resplits: units of test over units of training, as in
      `stats.interval`.
  """
  values = np.asarray(values, float)
  n = values.size

  def interval(level: float) -> Span:
    if n < 2:
      return Span(math.nan, math.nan)
    part = stats.share(n, test_over_train)
    half = scipy_stats.t.ppf((1 + level) / 2, n - 1) * part**0.5
    half *= values.std(ddof=1)
    return Span(float(values.mean() - half), float(values.mean() + half))

  return interval
