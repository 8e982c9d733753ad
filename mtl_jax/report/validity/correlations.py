"""How well measures of interference predict what sharing will do.

Every seed of a set of tasks is judged by itself: how the measure ranks the
ordered pairs of its tasks, against the gains of those pairs; then means over
seeds. For the groupings that measures choose see regrets.py.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from mtl_jax.report import stats
from mtl_jax.report.transfer import grouping
from mtl_jax.report.transfer.gains import Transfer

Key = tuple[str, str]  # measure, and when in training it was taken
Tables = Mapping[Key, np.ndarray]  # [seeds, tasks, tasks], i -> j

DRAWN = 'all drawn'  # all synthetic sets of tasks together
CORRELATIONS = (
  *('tasks', 'measure', 'when', 'n', 'rho', 'ci_low', 'ci_high'),
  *('p_value', 'p_holm', 'verdict'),
)


class Judged(NamedTuple):
  """A set of tasks: the gains of its groups, and what was measured.

  Attributes:
    name: of the set.
    transfer: the gains.
    tables: `[seeds, tasks, tasks]`, i -> j, by measure and time.
  """

  name: str
  transfer: Transfer
  tables: Tables


class Validity(NamedTuple):
  """Everything that the page and the figures show.

  Attributes:
    correlations: a line per set, measure and time (`CORRELATIONS`).
    regrets: a line per set, measure, time and budget (`regrets.COLUMNS`).
    costs: of probes, one per set.
  """

  correlations: pd.DataFrame
  regrets: pd.DataFrame
  costs: list[dict]

  @property
  def frames(self) -> dict[str, pd.DataFrame]:
    """The three tables by name."""
    return {**self._asdict(), 'costs': pd.DataFrame(self.costs)}


def pair_gains(gains: grouping.Gains, size: int) -> np.ndarray:
  """Returns the gains of pairs.

  Args:
    gains: `[members, seeds]` by group, from `Transfer.whole`.
    size: the number of tasks.

  Returns:
    `[seeds, partner, task]`; NaN on the diagonal and where unknown.
  """
  seeds = next(iter(gains.values())).shape[1]
  table = np.full((seeds, size, size), np.nan)
  for (i, j), own in ((g, v) for g, v in gains.items() if len(g) == 2):
    # The first of a group's tasks is i, whose partner is j.
    table[:, j, i], table[:, i, j] = own
  return table


def correlations(judged: Judged) -> dict[Key, np.ndarray]:
  """Returns Spearman's correlations of measures with the gains of pairs.

  `[seeds]` by measure and time; NaN where fewer than three pairs are known.
  """
  size = len(judged.transfer.names)
  gained = pair_gains(judged.transfer.whole('test'), size)
  return {
    key: np.array([_ranked(a, b) for a, b in zip(table, gained, strict=True)])
    for key, table in judged.tables.items()
  }


def _ranked(measured: np.ndarray, gained: np.ndarray) -> float:
  known = np.isfinite(measured) & np.isfinite(gained)
  a, b = measured[known], gained[known]
  if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
    return np.nan
  return float(spearmanr(a, b).statistic)


def correlation_rows(sets: list[Judged]) -> pd.DataFrame:
  """Summarises correlations over seeds, and tests them.

  Holm's correction is over all lines; a measure `predicts` if its mean
  correlation is shown to be above 0.

  Args:
    sets: of tasks.

  Returns:
    A line per set, measure and time, and of all drawn sets together.
  """
  result = {judged.name: correlations(judged) for judged in sets}
  drawn = pooled(sets)
  if len(drawn) > 1:
    keys = dict.fromkeys(key for name in drawn for key in result[name])
    result[DRAWN] = {
      key: np.concatenate([result[n][key] for n in drawn if key in result[n]])
      for key in keys
    }
  overlap = {j.name: j.transfer.base.test_over_train for j in sets}
  rows = [
    _correlation(name, key, values, overlap.get(name))
    for name, own in result.items()
    for key, values in own.items()
  ]
  return pd.DataFrame(_corrected(rows), columns=CORRELATIONS)


def pooled(sets: list[Judged]) -> list[str]:
  """Names of the sets whose seeds can be pooled.

  Args:
    sets: of tasks.

  Returns:
    Those whose every seed has rows of its own. Sets of the same seeds share
    inputs and initial weights, so that of such sets only the first counts.
  """
  names, seen = [], set()
  for judged in sets:
    seeds = {*judged.transfer.seeds}
    if judged.transfer.base.header['split'] == 'drawn' and not seeds & seen:
      names.append(judged.name)
      seen |= seeds
  return names


def _correlation(name, key, values, overlap) -> dict:
  known = values[np.isfinite(values)]
  test = stats.one_sample(known, 1.0, overlap)
  return dict(zip(CORRELATIONS, (name, *key, len(known), *test), strict=False))


def _corrected(rows: list[dict]) -> list[dict]:
  adjusted = stats.holm([row['p_value'] for row in rows])
  for row, p_holm in zip(rows, adjusted, strict=True):
    shown = p_holm is not None and p_holm < stats.ALPHA
    sign = 'predicts' if row['rho'] > 0 else 'misleads'
    row['p_holm'] = np.nan if p_holm is None else p_holm
    row['verdict'] = sign if shown else stats.UNDECIDED
  return rows
