"""Tests of one quantity for several rows, corrected for their number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mtl_jax.report import power, stats
from mtl_jax.report.claims.claimed import FAILS, HOLDS, UNDECIDED


class Tested(NamedTuple):
  """A mean over seeds against zero, in a family of tests.

  Attributes:
    mean: over the seeds; NaN without any.
    low: end of its 95 % interval, not corrected for the family; NaN: unknown.
    high: likewise.
    p_value: that the true mean is zero, after Holm; None: unknown.
    p_same: that it lies outside the margin, after Holm; None without a margin.
    detectable: the smallest true mean that would have been shown with 80 %
      power at the first step of Holm; NaN: unknown.
    seeds: number of them.
  """

  mean: float
  low: float
  high: float
  p_value: float | None
  p_same: float | None
  detectable: float
  seeds: int


def judge(
  values: Mapping[str, ArrayLike],
  overlap: float | None,
  margin: float = 0.0,
  scale: float = 1.0,
) -> dict[str, Tested]:
  """Tests whether means are zero, as `stats.paired` and Holm do.

  Args:
    values: by row, `[seeds]`: paired differences to the baseline.
    overlap: held-out units over units of training, for resplits; else None.
    margin: of equivalence, in the unit of the values; 0 asks for none.
    scale: the size of what was subtracted, for rounding.

  Returns:
    By row, in order.
  """
  arrays = {row: np.asarray(own, float) for row, own in values.items()}
  tests = [stats.one_sample(v, scale, overlap) for v in arrays.values()]
  same = [
    stats.equivalence(v, margin, scale, overlap) if margin else None
    for v in arrays.values()
  ]
  corrected = stats.holm([test.p_value for test in tests]), stats.holm(same)
  return {
    row: Tested(*test[:3], *pair, _detectable(v, overlap, len(arrays)), v.size)
    for (row, v), test, *pair in zip(
      arrays.items(), tests, *corrected, strict=True
    )
  }


def verdict(tested: Tested, sign: int) -> str:
  """Returns whether a row supports a claim.

  Args:
    tested: its test.
    sign: of the mean that the claim says, 1 or -1.

  Returns:
    `does not hold` if the mean is shown to lie inside the margin, whatever its
    sign, or the other sign is shown; `holds` if that sign is shown; otherwise
    `undecided`.
  """
  if _shown(tested.p_same):
    return FAILS
  if _shown(tested.p_value):
    return HOLDS if tested.mean * sign > 0 else FAILS
  return UNDECIDED


def _shown(p_value: float | None) -> bool:
  return p_value is not None and p_value < stats.ALPHA


def _detectable(values: np.ndarray, overlap: float | None, tests: int) -> float:
  # Without a spread, as of times that are all the whole budget, it is unknown.
  if values.size < 2 or np.ptp(values) < stats.ROUNDING:
    return np.nan
  std = power.typical(float(values.std(ddof=1)), values.size)
  part = stats.share(values.size, overlap)
  return power.detectable(std, values.size, part, stats.ALPHA / tests)
