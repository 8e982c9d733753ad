"""How numbers with intervals are compared with published ones.

A part of a claim is a number with a 95 % interval and a claimed range. It holds
if the interval lies inside the range. It does not hold if the interval lies
outside, also after Bonferroni's correction for the parts of its claim, so that
a claim of many parts is not refuted by the chance of one. It is otherwise
undecided. A claim holds if all parts hold, and does not hold if one does not.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats as scipy_stats

from benchmarks.against import Span, not_comparable, overlap
from mtl_jax.report import stats
from mtl_jax.report.claims.claimed import FAILS, HOLDS
from mtl_jax.report.claims.claimed import UNDECIDED as OPEN

ABOVE_0 = Span(0.0, math.inf)


class Part(NamedTuple):
  """A part of a claim.

  Attributes:
    what: describes the number.
    value: the number.
    span: its 95 % interval.
    verdict: `HOLDS`, `FAILS` or `OPEN`.
  """

  what: str
  value: float
  span: Span
  verdict: str


def same_rank(ours: Span, published: Span, rows: int) -> str:
  """Returns whether two ranges of ranks have a rank in common.

  Args:
    ours: from the best to the worst rank that our intervals leave open.
    published: likewise.
    rows: how many rows are ranked.
  """
  for who, own in (('ours', ours), ('the paper', published)):
    if own == (1, rows):
      return not_comparable(f'every rank is open in {who}')
  return overlap(ours, published)


def decide(span: Span, wide: Span, claimed: Span) -> str:
  """Decides a part.

  Args:
    span: 95 % interval.
    wide: the interval of the corrected level, which contains `span`.
    claimed: the range that the claim implies.

  Returns:
    `HOLDS`, `FAILS` or `OPEN`; the last where the interval is NaN.
  """
  if claimed.low < span.low and span.high < claimed.high:
    return HOLDS
  return FAILS if wide.high < claimed.low or wide.low > claimed.high else OPEN


def together(verdicts: Sequence[str]) -> str:
  """Returns the verdict on a claim from those on its parts."""
  if FAILS in verdicts:
    return FAILS
  return HOLDS if set(verdicts) == {HOLDS} else OPEN


def part(
  what: str,
  value: float,
  interval: Callable[[float], Span],
  claimed: Span,
  parts: int,
) -> Part:
  """Decides a part of a claim.

  Args:
    what: describes the number.
    value: the number.
    interval: level -> confidence interval.
    claimed: the range that the claim implies.
    parts: how many parts the claim has.
  """
  span = interval(stats.LEVEL)
  wide = interval(1 - (1 - stats.LEVEL) / parts)
  return Part(what, value, span, decide(span, wide, claimed))


def of_ratio(
  own: ArrayLike, others: Sequence[ArrayLike]
) -> tuple[float, Callable[[float], Span]]:
  """Returns a ratio of standard deviations, and its interval by level.

  The interval is that of Fisher's F for independent normal values.

  Args:
    own: `[n]`.
    others: `[n]` each, whose variances are pooled.
  """
  n = [np.size(x) - 1 for x in (own, *others)]
  if min(n) < 1:
    return math.nan, lambda _: Span(math.nan, math.nan)
  below = sum(np.var(x, ddof=1) * k for x, k in zip(others, n[1:], strict=True))
  if not below:  # all others are equal from seed to seed
    return math.nan, lambda _: Span(math.nan, math.nan)
  ratio = float(np.var(own, ddof=1) / (below / sum(n[1:])))
  fisher = scipy_stats.f(n[0], sum(n[1:]))

  def interval(level: float) -> Span:
    ends = fisher.ppf([(1 + level) / 2, (1 - level) / 2])
    return Span(*(float((ratio / end) ** 0.5) for end in ends))

  return ratio**0.5, interval


class Agreement(NamedTuple):
  """Spearman's rank correlation, and its exact one-sided p-value."""

  rho: float
  p_value: float


def agreement(ours: ArrayLike, published: ArrayLike) -> Agreement:
  """Compares two orders of the same rows by all permutations of one.

  Args:
    ours: `[rows]`.
    published: `[rows]`, at most 8 rows.
  """
  one, other = (
    scipy_stats.zscore(scipy_stats.rankdata(x)) for x in (ours, published)
  )

  def correlation(x, axis):
    return (x * other).mean(axis)

  test = scipy_stats.permutation_test(
    (one,),
    correlation,
    permutation_type='pairings',
    vectorized=True,
    n_resamples=math.inf,
    alternative='greater',
  )
  return Agreement(float(test.statistic), float(test.pvalue))
