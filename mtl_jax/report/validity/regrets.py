"""What the grouping that a measure of interference chooses brings.

In every seed by itself, against the grouping chosen by the validation of all
groups and against chance; then means over seeds.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mtl_jax.report import stats
from mtl_jax.report.transfer import grouping
from mtl_jax.report.validity.correlations import (
  DRAWN,
  Judged,
  Key,
  pair_gains,
  pooled,
)

# Chosen without any measure, to compare with.
REFERENCES = ('validation', 'pairs', 'together', 'random')
# Values of `when` that stand for a whole training: no measure, the mean over
# all probes, and features, which are measured at the end.
WHOLE = ('', 'all', 'end')
COLUMNS = (
  *('tasks', 'measure', 'when', 'budget', 'n', 'gain'),
  *('regret', 'ci_low', 'ci_high'),
  *('over_random', 'over_low', 'over_high'),
)


def rows_of(sets: list[Judged]) -> pd.DataFrame:
  """Summarises, over seeds, the gains of the groupings that are chosen.

  Args:
    sets: of tasks.

  Returns:
    A line per set, measure, time and budget (`COLUMNS`), in % on test, and of
    all drawn sets together.
  """
  results = {
    (judged.name, budget): brings(judged, budget)
    for judged in sets
    for budget in range(2, len(judged.transfer.names))
  }
  overlap = {j.name: j.transfer.base.test_over_train for j in sets}
  drawn = pooled(sets)
  for budget in sorted({budget for _, budget in results}):
    own = [results[n, budget] for n in drawn if (n, budget) in results]
    if len(own) > 1:
      common = [key for key in own[0] if all(key in one for one in own)]
      results[DRAWN, budget] = {
        key: np.concatenate([one[key] for one in own]) for key in common
      }
  lines = [
    row
    for (name, budget), gains_of in results.items()
    for row in _regrets(name, budget, gains_of, overlap.get(name))
  ]
  return pd.DataFrame(lines, columns=COLUMNS)


def _regrets(name, budget, gains_of, overlap) -> list[dict]:
  best, chance = gains_of['validation', ''], gains_of['random', '']
  rows = []
  for (measure, when), gains in gains_of.items():
    # Both paired by seed, so that the spread of seeds cancels where it is
    # common to both.
    missed = stats.one_sample(best - gains, stats.PERCENT, overlap)
    over = stats.one_sample(gains - chance, stats.PERCENT, overlap)
    values = (name, measure, when, budget, len(gains), gains.mean())
    line = (*values, *missed[:3], *over[:3])
    rows.append(dict(zip(COLUMNS, line, strict=True)))
  return rows


def brings(judged: Judged, budget: int) -> dict[Key, np.ndarray]:
  """Returns the mean gain over tasks on test, by who chose the grouping.

  Args:
    judged: a set of tasks.
    budget: the largest number of networks.

  Returns:
    `[seeds]` by measure and time, without measures that some seed lacks.
  """
  transfer = judged.transfer
  test, valid = transfer.whole('test'), transfer.whole('valid')
  size = len(transfer.names)
  paired = pair_gains(valid, size)
  tables = {('pairs', ''): paired, **judged.tables}
  lines = [
    _of_seed(
      {group: gains[:, seed] for group, gains in test.items()},
      {group: gains[:, seed] for group, gains in valid.items()},
      {key: table[seed] for key, table in tables.items()},
      budget,
    )
    for seed in range(len(paired))
  ]
  common = [key for key in lines[0] if all(key in line for line in lines)]
  return {key: np.array([line[key] for line in lines]) for key in common}


def _of_seed(
  test: grouping.Gains,
  valid: grouping.Gains,
  tables: Mapping[Key, np.ndarray],
  budget: int,
) -> dict[Key, float]:
  # The group of all tasks.
  every = max(test, key=len)
  guesses = {('validation', ''): valid} | {
    key: grouping.predicted(table, test)
    for key, table in tables.items()
    if _whole(table)
  }
  results = {
    key: float(grouping.realised(chosen, test).mean())
    for key, guess in guesses.items()
    if (chosen := grouping.best(guess, len(every), budget))
  }
  chance = grouping.at_random(test, len(every), budget)
  references = {'together': float(test[every].mean()), 'random': chance}
  return results | {(name, ''): value for name, value in references.items()}


def _whole(table: np.ndarray) -> bool:
  return bool(np.isfinite(table[~np.eye(len(table), dtype=bool)]).all())
