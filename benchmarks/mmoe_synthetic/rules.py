"""How claims about paired losses are decided.

A part of a claim is a number with a 95 % interval and a limit. It holds if the
interval is entirely on the claimed side of the limit, does not hold if it is
entirely on the other side, and is otherwise not shown. A claim holds if all its
parts hold, and does not hold if one part does not.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from mtl_jax.report import stats

HOLDS, FAILS, OPEN = 'holds', 'does not hold', 'not shown'
BOOTSTRAPS = 4000

# By model and p. Leading axes are those of bootstrap samples.
Losses = Mapping[tuple[str, float], Float[np.ndarray, '*times draws']]


class Part(NamedTuple):
  """A part of a claim.

  Attributes:
    what: describes the number.
    value: the number.
    low: lower end of its 95 % interval.
    high: upper end.
    verdict: `HOLDS`, `FAILS` or `OPEN`.
  """

  what: str
  value: float
  low: float
  high: float
  verdict: str


def above(low: float, high: float, limit: float = 0.0) -> str:
  """Decides whether a number is above a limit.

  Args:
    low: lower end of its interval.
    high: upper end.
    limit: what the number is claimed to exceed.

  Returns:
    `HOLDS`, `FAILS` or `OPEN`.
  """
  if low > limit:
    return HOLDS
  return FAILS if high < limit else OPEN


def within(low: float, high: float, least: float, most: float) -> str:
  """Decides whether a number is between two limits.

  Args:
    low: lower end of its interval.
    high: upper end.
    least: the lower limit.
    most: the upper limit.

  Returns:
    `HOLDS`, `FAILS` or `OPEN`.
  """
  if least < low and high < most:
    return HOLDS
  return FAILS if high < least or low > most else OPEN


def together(verdicts: Sequence[str]) -> str:
  """Returns the verdict on a claim from the verdicts on its parts."""
  if FAILS in verdicts:
    return FAILS
  return HOLDS if set(verdicts) == {HOLDS} else OPEN


def paired(what: str, differences: Float[np.ndarray, 'draws']) -> Part:
  """Decides whether a mean difference is above 0, by a t interval.

  Args:
    what: describes the difference.
    differences: one per draw, `[draws]`.
  """
  interval = stats.interval(differences)
  verdict = above(interval.low, interval.high)
  return Part(what, interval.mean, interval.low, interval.high, verdict)


def bootstrap(
  what: str,
  losses: Losses,
  statistic: Callable[[Losses], np.ndarray],
  verdict: Callable[[float, float], str],
) -> Part:
  """Decides on a statistic over draws, by a percentile bootstrap.

  Args:
    what: describes the statistic.
    losses: by model and p, `[draws]` each. All are resampled by the same
      draws, which keeps them paired.
    statistic: reduces the last axis of losses, which may have a leading axis
      of bootstrap samples.
    verdict: returns the verdict from the ends of the interval.

  Returns:
    The part. It is `OPEN` with an interval of NaN if there is only one draw.
  """
  draws = len(next(iter(losses.values())))
  picks = np.random.default_rng(0).integers(draws, size=(BOOTSTRAPS, draws))
  with np.errstate(divide='ignore', invalid='ignore'):  # variances may be 0
    value = float(statistic(losses))
    samples = statistic({key: own[picks] for key, own in losses.items()})
  if draws < 2 or not np.isfinite(samples).any():
    return Part(what, value, np.nan, np.nan, OPEN)
  tail = (1 - stats.LEVEL) / 2
  low, high = np.quantile(samples[~np.isnan(samples)], (tail, 1 - tail))
  return Part(what, value, float(low), float(high), verdict(low, high))
