"""How a claim about paired losses is decided: parts, intervals, limits.

A part is a number with a 95 % interval and a limit. It holds where the interval
lies wholly on the claimed side of the limit, does not where it lies wholly on
the other, else it is not shown. A claim holds where all its parts do, and does
not where one does not.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from mtl_jax.report import stats

HOLDS, FAILS, OPEN = 'holds', 'does not hold', 'not shown'
BOOTSTRAPS = 4000

Losses = Mapping[tuple[str, float], Float[np.ndarray, '*times draws']]


class Part(NamedTuple):
  """One number of a claim and what it says."""

  what: str
  value: float
  low: float
  high: float
  verdict: str


def above(low: float, high: float, limit: float = 0.0) -> str:
  """Whether an interval lies above a limit."""
  if low > limit:
    return HOLDS
  return FAILS if high < limit else OPEN


def within(low: float, high: float, least: float, most: float) -> str:
  """Whether an interval lies between two limits."""
  if least < low and high < most:
    return HOLDS
  return FAILS if high < least or low > most else OPEN


def together(verdicts: Sequence[str]) -> str:
  """Of a claim, by those of its parts."""
  if FAILS in verdicts:
    return FAILS
  return HOLDS if set(verdicts) == {HOLDS} else OPEN


def paired(what: str, differences: Float[np.ndarray, 'draws']) -> Part:
  """Whether the mean of differences within draws is above 0: t interval."""
  found = stats.interval(differences)
  verdict = above(found.low, found.high)
  return Part(what, found.mean, found.low, found.high, verdict)


def bootstrap(
  what: str,
  losses: Losses,
  statistic: Callable[[Losses], np.ndarray],
  verdict: Callable[[float, float], str],
) -> Part:
  """A statistic over draws, resampled for all models alike: percentiles."""
  draws = len(next(iter(losses.values())))
  picks = np.random.default_rng(0).integers(draws, size=(BOOTSTRAPS, draws))
  with np.errstate(divide='ignore', invalid='ignore'):  # variances may be 0
    value = float(statistic(losses))
    found = statistic({key: own[picks] for key, own in losses.items()})
  if draws < 2 or not np.isfinite(found).any():
    return Part(what, value, np.nan, np.nan, OPEN)
  tail = (1 - stats.LEVEL) / 2
  low, high = np.quantile(found[~np.isnan(found)], (tail, 1 - tail))
  return Part(what, value, float(low), float(high), verdict(low, high))
