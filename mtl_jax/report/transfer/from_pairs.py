"""How well what is known of pairs of tasks predicts the gains of groups."""

import numpy as np
import pandas as pd

from mtl_jax.report.transfer import grouping
from mtl_jax.report.transfer.gains import Transfer

# `[seeds, K, K]` by measure, i -> j, in the order of `Transfer.seeds`.
Affinities = dict[str, np.ndarray]


def pairs(gains: dict, num_tasks: int) -> np.ndarray | None:
  """Returns the mean gains of pairs of tasks.

  Args:
    gains: `[members, seeds]` by group, from `Transfer.whole`.
    num_tasks: of all groups.

  Returns:
    `[partner, task]`; None if a pair is missing.
  """
  table = np.zeros((num_tasks, num_tasks))
  for i in range(num_tasks):
    for j in range(i):
      if (j, i) not in gains:
        return None
      # Groups are ascending: first the gain of task j, then that of task i.
      table[i, j], table[j, i] = gains[j, i].mean(-1)
  return table


def known(transfer: Transfer) -> tuple[dict, dict]:
  """Returns gains on test and on validation of groups that have all of both."""
  test, valid = transfer.whole('test'), transfer.whole('valid')
  # A metric may lack a value on one split only.
  both = [group for group in test if group in valid]
  return tuple(
    {group: gains[group] for group in both} for gains in (test, valid)
  )


def agreement(transfer: Transfer, affinities: Affinities) -> pd.DataFrame:
  """Measures how well knowledge of pairs predicts gains on test.

  Gains of pairs are predicted from those on validation and from affinities, and
  gains of larger groups from those of pairs and from affinities. `error` is the
  mean modulus of realised minus predicted in % points, `bias` its mean;
  affinities have another unit, so theirs are NaN. Correlations are over groups
  and tasks, ordinary (Pearson) and of ranks (Spearman).

  Args:
    transfer: all gains.
    affinities: of all seeds; their means are taken.

  Returns:
    A line per kind of groups and source of the prediction.
  """
  test, valid = known(transfer)
  size = len(transfer.names)
  tables = {
    'pairs on test': pairs(test, size),
    'pairs on validation': pairs(valid, size),
    **{name: table.mean(0) for name, table in affinities.items()},
  }
  rows = []
  for what, sizes in (('pairs', [2]), ('larger groups', range(3, size + 1))):
    groups = [group for group in test if len(group) in sizes]
    for name, table in tables.items():
      # Gains of pairs on test would predict themselves.
      itself = what == 'pairs' and name == 'pairs on test'
      if groups and table is not None and not itself:
        guess = grouping.predicted(table, groups)
        values = (
          np.concatenate([guess[g] for g in groups]),
          np.concatenate([test[g].mean(-1) for g in groups]),
        )
        unit = name not in affinities
        rows.append({'gains of': what, 'from': name, **_agree(*values, unit)})
  return pd.DataFrame(rows)


def _agree(guess: np.ndarray, gain: np.ndarray, same_unit: bool) -> dict:
  ranks = (pd.Series(x).rank().to_numpy() for x in (guess, gain))
  miss = gain - guess
  return {
    'n': len(gain),
    'correlation': _correlation(guess, gain),
    'of ranks': _correlation(*ranks),
    'error': np.abs(miss).mean() if same_unit else np.nan,
    'bias': miss.mean() if same_unit else np.nan,
  }


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
  if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
    return np.nan
  return float(np.corrcoef(a, b)[0, 1])
