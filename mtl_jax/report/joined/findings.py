"""What several data sets show together: all numbers of the report."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import special

from mtl_jax.errors import InputError
from mtl_jax.report import stats
from mtl_jax.report.compare.rows import rows
from mtl_jax.report.joined import hierarchical, improvement
from mtl_jax.report.joined.join import DataSet, Joined, counted
from mtl_jax.report.joined.ranking import Ranking, ranking
from mtl_jax.report.layout import of_cell
from mtl_jax.report.results import Cell


class Findings(NamedTuple):
  """All numbers.

  Attributes:
    joined: the data sets.
    deltas: Delta_m in percent, a row per (data set, label): `dataset`, `row`,
      `mean`, `ci_low`, `ci_high`, `p_holm`, `verdict`, `n_seeds`.
    effects: by label, the estimate over data sets.
    p_holm: by label, of the effects, after Holm's correction over all of them.
    p_equivalent_holm: the same of their equivalence.
    margin: of equivalence, in % points.
    ranking: of the networks; None if no scheme is one.
    improvements: by label and quantity, from `improvement`.
  """

  joined: Joined
  deltas: pd.DataFrame
  effects: dict[str, hierarchical.Effect]
  p_holm: dict[str, float]
  p_equivalent_holm: dict[str, float]
  margin: float
  ranking: Ranking | None
  improvements: dict[str, dict[str, improvement.Estimate]]

  def verdict(self, label: str) -> str:
    """The verdict on the mean of a row over data sets."""
    if self.p_holm[label] < stats.ALPHA:
      return stats.BETTER if self.effects[label].mean > 0 else stats.WORSE
    shown = self.p_equivalent_holm[label] < stats.ALPHA
    return stats.EQUIVALENT if shown else stats.UNDECIDED


def find(joined: Joined, margin: float = hierarchical.MARGIN) -> Findings:
  """Computes all numbers.

  Args:
    joined: two or more data sets.
    margin: of equivalence, in % points: of the means over data sets, and of
      each data set.

  Returns:
    Delta_m of every data set with the verdicts of its own table, and what all
    of them say together.

  Raises:
    InputError: Delta_m of a data set is refused.
  """
  deltas = pd.concat([_deltas(own, joined, margin) for own in joined.sets])
  effects = {x: _effect(deltas, x, margin) for x in joined.labels}
  return Findings(
    joined,
    deltas.reset_index(drop=True),
    effects,
    *(_holm(effects, name) for name in ('p_value', 'p_equivalent')),
    margin,
    ranking(deltas, networks(joined)),
    {label: _improvement(joined, label) for label in joined.labels},
  )


def networks(joined: Joined) -> list[str]:
  """The labels that are ranked: those of networks."""
  first = joined.sets[0]
  return [
    label for label in joined.labels if not first.cell(label).is_reference
  ]


def _deltas(own: DataSet, joined: Joined, margin: float) -> pd.DataFrame:
  """Delta_m of one table; its verdicts count all rows of that table."""
  frame = rows(own.cells, margin / stats.PERCENT)
  found = [
    of_cell(frame, own.cell(label)).loc['ALL'] for label in joined.labels
  ]
  made = pd.DataFrame(found).assign(dataset=own.name, row=joined.labels)
  for row in made.to_dict('records'):
    if not np.isfinite([row['mean'], row['ci_low'], row['ci_high']]).all():
      raise InputError(
        f'{own.workdir}: Δm of {row["row"]} has no value or no interval, see '
        'the notes of its table; leave this workdir out'
      )
  return made[
    [
      *('dataset', 'row', 'mean', 'ci_low', 'ci_high', 'p_value', 'p_holm'),
      *('verdict', 'n_seeds'),
    ]
  ]


def _holm(effects: dict, name: str) -> dict[str, float]:
  adjusted = stats.holm([getattr(own, name) for own in effects.values()])
  return dict(zip(effects, adjusted, strict=True))


def _effect(
  deltas: pd.DataFrame, label: str, margin: float
) -> hierarchical.Effect:
  own = deltas[deltas['row'] == label]
  # The interval of the table is the corrected one, and its half-width t times
  # the standard error.
  t = special.stdtrit(own['n_seeds'].to_numpy() - 1, (1 + stats.LEVEL) / 2)
  halves = (own['ci_high'] - own['ci_low']).to_numpy() / 2
  return hierarchical.estimate(own['mean'].to_numpy(), halves / t, margin)


def _improvement(joined: Joined, label: str) -> dict:
  pairs = [pair(own, own.cell(label)) for own in joined.sets]
  return {
    'P(X > Y), same split': improvement.on_same_split(pairs),
    'P(X > Y), any runs': improvement.of_any_runs(pairs),
    'IQM of Δm': improvement.interquartile_mean(pairs),
  }


def pair(own: DataSet, cell: Cell) -> improvement.Pair:
  """Scores in percent of the baseline's means; their difference is Delta_m."""
  seeds, base = own.seeds(cell), own.base
  values, reference = (_headlines(one, seeds) for one in (cell, base))
  signs = np.array([1.0 if up else -1.0 for *_, up in counted(base)])
  scale = stats.PERCENT * signs / np.abs(reference.mean(0))
  scores = (
    (scale * (v - reference.mean(0))).mean(1) for v in (values, reference)
  )
  return improvement.Pair(*scores, base.test_over_train or 0.0)


def _headlines(cell: Cell, seeds: list[int]) -> np.ndarray:
  columns = [cell.values(task, metric) for task, metric, _ in counted(cell)]
  return np.array([[column[s] for column in columns] for s in seeds])
