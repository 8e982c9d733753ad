"""Does each row of a family support a claim? One test for it, one against."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from mtl_jax.report import power, stats
from mtl_jax.report.claims.claimed import FAILS, HOLDS, UNDECIDED
from mtl_jax.report.p_values import p_apart


class Judged(NamedTuple):
  """An effect of which more supports the claim.

  Attributes:
    mean: over the seeds; NaN: unknown.
    low: end of its 95 % interval.
    high: likewise.
    p_holm: of no effect, two-sided, corrected over the family; None: unknown.
    detectable: smallest effect that is shown with 80 % power, in the first step
      of the family.
    verdict: one of the three of `claimed`.
    seeds: number of them.
  """

  mean: float
  low: float
  high: float
  p_holm: float | None
  detectable: float
  verdict: str
  seeds: int


def judge(
  effects: Mapping[str, Float[np.ndarray, ' seeds']],
  margin: float,
  scale: float,
  test_over_train: float | None = None,
) -> dict[str, Judged]:
  """Judges every row of a family.

  A row holds if its effect is shown to be above zero, and does not hold if it
  is shown to be below the margin. Both are corrected by Holm's method over the
  rows, each as a family of its own.

  Args:
    effects: by row, one value per seed; above zero supports the claim.
    margin: an effect below it is none, in the unit of the effects.
    scale: as in `stats.one_sample`.
    test_over_train: as in `stats.paired`.
  """
  tests = {
    row: stats.one_sample(values, scale, test_over_train)
    for row, values in effects.items()
  }
  below = [
    _below(values, margin, scale, test_over_train)
    for values in effects.values()
  ]
  above = stats.holm([test.p_value for test in tests.values()])
  family = sum(p is not None for p in above)
  corrected = zip(tests.items(), above, stats.holm(below), strict=True)
  return {
    row: Judged(
      *test[:3],
      p_above,
      _detectable(effects[row], family, test_over_train),
      _verdict(test.mean, p_above, p_below),
      len(effects[row]),
    )
    for (row, test), p_above, p_below in corrected
  }


def _below(values, margin: float, scale: float, ratio) -> float | None:
  """The one-sided p-value of a mean at the margin or above."""
  n, mean = len(values), float(np.mean(values)) if len(values) else math.nan
  std = float(np.std(values, ddof=1)) if n > 1 else math.nan
  part = stats.share(n, ratio)
  rounding = stats.ROUNDING * scale
  # A mean of 0 with so much room on either side: `p_apart` takes one of them.
  p_value = float(p_apart(0.0, std, n, part, rounding, margin - mean))
  return None if math.isnan(p_value) else p_value


def _detectable(values, family: int, ratio: float | None) -> float:
  n = len(values)
  if n < 2 or not family:
    return math.nan
  std = power.typical(float(np.std(values, ddof=1)), n)
  level = stats.ALPHA / family
  return power.detectable(std, n, stats.share(n, ratio), level)


def _verdict(mean: float, above: float | None, below: float | None) -> str:
  if above is not None and above < stats.ALPHA and mean > 0:
    return HOLDS
  return FAILS if below is not None and below < stats.ALPHA else UNDECIDED
