"""Which grouping of tasks each source of knowledge chooses, and its gain."""

import numpy as np
import pandas as pd

from mtl_jax.report import stats
from mtl_jax.report.transfer import grouping
from mtl_jax.report.transfer.gains import Transfer
from mtl_jax.report.transfer.grouping import Grouping

COLUMNS = (
  *('budget', 'chosen_by', 'networks', 'n_networks', 'gain'),
  *('ci_low', 'ci_high', 'regret'),
)
Affinities = dict[str, np.ndarray]
MOST = 10  # tasks whose groupings are searched: each more takes thrice the time


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


def predictions(transfer: Transfer, affinities: Affinities) -> dict[str, dict]:
  """Predicts the gain of each task in each group, by chooser.

  `oracle` has the test gains, all others have not: `validation` has the gains
  of every group on validation, `pairs` those of pairs, and the affinities what
  was measured in training.

  Args:
    transfer: all gains.
    affinities: `[K, K]` by measure, i -> j.

  Returns:
    {chooser: {group: gains of its tasks}}.
  """
  test, valid = known(transfer)
  results = {
    'oracle': {group: gains.mean(-1) for group, gains in test.items()},
    'validation': {group: gains.mean(-1) for group, gains in valid.items()},
  }
  tables = {'pairs': pairs(valid, len(transfer.names)), **affinities}
  return results | {
    name: grouping.predicted(table, test)
    for name, table in tables.items()
    if table is not None
  }


def known(transfer: Transfer) -> tuple[dict, dict]:
  """Returns gains on test and on validation of groups that have all of both."""
  test, valid = transfer.whole('test'), transfer.whole('valid')
  # A metric may lack a value on one split only.
  both = [group for group in test if group in valid]
  return tuple(
    {group: gains[group] for group in both} for gains in (test, valid)
  )


def groupings(transfer: Transfer, affinities: Affinities) -> pd.DataFrame:
  """Finds the grouping that each chooser prefers, for every budget.

  `regret` is how much more the oracle gains. `random` is the mean over all
  partitions of the tasks into as many groups as the budget.

  Args:
    transfer: all gains.
    affinities: `[K, K]` by measure, i -> j.

  Returns:
    A line per budget and chooser (`COLUMNS`); gains are those on test. No
    lines for more than `MOST` tasks.
  """
  test, _ = known(transfer)
  guesses = predictions(transfer, affinities)
  size = len(transfer.names)
  rows = []
  # Every size of the budget up to a network per task.
  for budget in range(1, size + 1) if size <= MOST else ():
    chosen = {k: grouping.best(g, size, budget) for k, g in guesses.items()}
    if chosen['oracle'] is None:  # So few networks do not reach all tasks.
      continue
    lines = [
      {'budget': budget, 'chosen_by': name, **_brings(transfer, choice, test)}
      for name, choice in chosen.items()
    ]
    mean = grouping.at_random(guesses['oracle'], size, budget)
    if mean is not None:
      lines.append({'budget': budget, 'chosen_by': 'random', 'gain': mean})
    # The oracle's: `predictions` lists it first.
    best = lines[0]['gain']
    rows += [{**line, 'regret': best - line['gain']} for line in lines]
  return pd.DataFrame(rows, columns=COLUMNS)


def _brings(transfer: Transfer, choice: Grouping, test: dict) -> dict:
  per_seed = grouping.realised(choice, test).mean(0)
  result = stats.one_sample(
    per_seed, stats.PERCENT, transfer.base.test_over_train
  )
  return {
    'networks': named(choice, transfer.names),
    'n_networks': len(choice.networks),
    **dict(zip(('gain', 'ci_low', 'ci_high'), result[:3], strict=True)),
  }


def named(choice: Grouping, names: list[str]) -> str:
  """Formats a grouping: `a + b, c + (d)`.

  Args:
    choice: the grouping.
    names: of the tasks.

  Returns:
    The networks. A task in brackets is trained with the others of its network,
    and served by another network.
  """
  return ', '.join(
    ' + '.join(
      names[task] if task in serves else f'({names[task]})' for task in trained
    )
    for trained, serves in choice.networks
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
    affinities: `[K, K]` by measure, i -> j.

  Returns:
    A line per kind of groups and source of the prediction.
  """
  test, valid = known(transfer)
  size = len(transfer.names)
  tables = {
    'pairs on test': pairs(test, size),
    'pairs on validation': pairs(valid, size),
    **affinities,
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
