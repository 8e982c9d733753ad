"""The schemes of several data sets, ranked by Delta_m."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from mtl_jax.report import stats
from mtl_jax.report.joined import mean_ranks

NEMENYI = 10  # data sets; Demsar's rule of thumb is more than 10


class Ranking(NamedTuple):
  """Ranks of the baseline and the schemes over data sets.

  Attributes:
    labels: what is ranked, the baseline first.
    ranked: `[sets, labels]`, 1 is the best.
    friedman: the test over all.
    difference: Nemenyi's critical difference.
    p_values: of the signed-rank test against the baseline, by label.
    p_holm: the same after Holm's correction.
    needed: least number of data sets that could show anything.
  """

  labels: tuple[str, ...]
  ranked: np.ndarray
  friedman: mean_ranks.Friedman
  difference: float
  p_values: dict[str, float]
  p_holm: dict[str, float]
  needed: int

  @property
  def decisive(self) -> bool:
    """Whether there are enough data sets for a verdict against single."""
    return len(self.ranked) >= self.needed

  @property
  def asymptotic(self) -> bool:
    """Whether there are enough for Nemenyi's approximation."""
    return len(self.ranked) >= NEMENYI

  @property
  def groups(self) -> list[list[str]]:
    """Labels, best first, whose mean ranks are not shown to differ."""
    means = self.ranked.mean(0)
    order = np.argsort(means, kind='stable')
    found = mean_ranks.groups(means[order], self.difference)
    return [[self.labels[i] for i in order[a : b + 1]] for a, b in found]


def ranking(deltas: pd.DataFrame, labels: list[str]) -> Ranking | None:
  """Ranks the baseline and schemes by Delta_m on each data set.

  Args:
    deltas: of `Findings`.
    labels: of the schemes.
  """
  if not labels:
    return None
  means = deltas.pivot_table('mean', 'dataset', 'row', sort=False)[labels]
  values = np.column_stack([np.zeros(len(means)), means.to_numpy()])
  ranked = mean_ranks.ranks(values)
  p_values = [mean_ranks.signed_rank(column) for column in means.to_numpy().T]
  holm = stats.holm(p_values)
  return Ranking(
    ('single', *labels),
    ranked,
    mean_ranks.friedman(ranked),
    mean_ranks.critical_difference(ranked.shape[1], len(ranked)),
    dict(zip(labels, p_values, strict=True)),
    dict(zip(labels, holm, strict=True)),
    mean_ranks.sets_needed(len(labels)),
  )
