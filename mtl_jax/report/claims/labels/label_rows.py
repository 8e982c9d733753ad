"""Factors of labels by scheme and setting, as one family of tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mtl_jax.report import families, stats
from mtl_jax.report.claims.claimed import FAILS, HOLDS, UNDECIDED
from mtl_jax.report.claims.labels import label_factor
from mtl_jax.report.claims.labels.label_curves import Setting
from mtl_jax.report.claims.labels.label_factor import Factor


class Row(NamedTuple):
  """One scheme in one setting.

  Attributes:
    setting: which tasks are scarce.
    scheme: its name.
    factor: of labels, over all shares below 1.
    better: mean difference to `single` at the same share, by share below 1,
      with its interval.
    beyond: trainings, over seeds and shares below 1, that are better than
      `single` of their seed is at any share.
    p_value: of a factor of 1, corrected; None: unknown.
    p_shares: of no difference at each share, corrected, behind `p_value`.
    p_same: that the factor is not within the margin of 1, corrected.
    detectable: the smallest factor above 1 that would have been shown.
  """

  setting: Setting
  scheme: str
  factor: Factor
  better: tuple[stats.Paired, ...]
  beyond: int
  p_value: float | None = None
  p_shares: tuple[float | None, ...] = ()
  p_same: float | None = None
  detectable: float = np.nan

  @property
  def at(self) -> list[Factor]:
    """The factor at each share below 1, computed anew."""
    setting, curves = self.setting, _pair(self.setting, self.scheme)
    return [
      label_factor.of_share(setting.shares, *curves, i, setting.overlap)
      for i in range(len(setting.shares) - 1)
    ]

  @property
  def gain(self) -> float:
    """The mean difference to `single`, over shares below 1, in %."""
    return float(np.mean([one.mean for one in self.better]))

  @property
  def verdict(self) -> str:
    """Whether it is shown to need fewer labels."""
    return verdict(self.gain, self.p_value, self.p_same)


def verdict(gain: float, p_value, p_same=None) -> str:
  """Returns a verdict on the claim from corrected p-values.

  Args:
    gain: its sign is that of the effect.
    p_value: of no effect; None if unknown.
    p_same: of an effect that is as large as the margin.
  """
  if p_value is not None and p_value < stats.ALPHA:
    return HOLDS if gain > 0 else FAILS
  same = p_same is not None and p_same < stats.ALPHA
  return FAILS if same else UNDECIDED


def make(settings: Sequence[Setting]) -> list[Row]:
  """Measures and tests all schemes of all settings.

  One factor per scheme and setting, fixed beforehand, is corrected by Holm over
  all of them; the differences at single shares wait behind it.

  Args:
    settings: with two shares or more; those with a reason give no rows.
  """
  rows = [_row(one, scheme) for one in settings for scheme in one.schemes]
  tests = [_test(row) for row in rows]
  families.adjust(tests)
  same = stats.holm([row.factor.p_equivalent for row in rows])
  return [
    row._replace(
      p_value=test.adjusted,
      p_shares=tuple(one.adjusted for one in test.behind),
      p_same=p_same,
      detectable=row.factor.detectable(stats.ALPHA / test.divisor),
    )
    for row, test, p_same in zip(rows, tests, same, strict=True)
  ]


def _row(setting: Setting, scheme: str) -> Row:
  alone, own = _pair(setting, scheme)
  given, overlap = (setting.shares, alone, own), setting.overlap
  below = range(len(setting.shares) - 1)
  return Row(
    setting,
    scheme,
    label_factor.of_all(*given, overlap),
    tuple(
      stats.one_sample(own[:, i] - alone[:, i], stats.PERCENT, overlap)
      for i in below
    ),
    int((own[:, :-1] > alone.max(axis=1, initial=-np.inf)[:, None]).sum()),
  )


def _pair(setting: Setting, scheme: str) -> tuple[np.ndarray, np.ndarray]:
  """Curves of `single` and of a scheme, at seeds complete in both."""
  alone, own = setting.gains['single'], setting.gains[scheme]
  seeds = np.isfinite(own).all(axis=1)
  return alone[seeds], own[seeds]


def _test(row: Row) -> families.Claim:
  behind = [families.Claim(one.p_value) for one in row.better]
  # A mean over shares that differs implies a share that differs.
  return families.Claim(row.factor.p_value, behind, implies=True)
