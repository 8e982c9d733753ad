"""Which grouping of tasks each source of knowledge chooses, and its gain.

A grouping is chosen in every resplit by itself, by what is known of that one,
and judged by that one's test rows. What other resplits know must not choose:
their validation and training rows are test rows here.
"""

from collections import Counter

import numpy as np
import pandas as pd

from mtl_jax.report import stats
from mtl_jax.report.transfer import from_pairs, grouping
from mtl_jax.report.transfer.from_pairs import Affinities
from mtl_jax.report.transfer.gains import Transfer
from mtl_jax.report.transfer.grouping import Grouping

COLUMNS = (
  *('budget', 'chosen_by', 'networks', 'often', 'n_networks', 'n_seeds'),
  *('gain', 'ci_low', 'ci_high', 'over_random', 'over_low', 'over_high'),
  'regret',
)
MOST = 9  # tasks whose groupings are searched: each more takes thrice the time
# A way to choose, and the grouping of every seed; None where none is known.
Chosen = dict[str, list[Grouping | None]]


def predictions(
  transfer: Transfer, affinities: Affinities, seed: int
) -> dict[str, dict]:
  """Predicts the gain of each task in each group in one resplit, by chooser.

  `oracle` has the test gains, all others have not: `validation` has the gains
  of every group on validation, `pairs` those of pairs, and the affinities what
  was measured in training.

  Args:
    transfer: all gains.
    affinities: of all seeds.
    seed: its place in `Transfer.seeds`.

  Returns:
    {chooser: {group: gains of its tasks}}.
  """
  test, valid = (_of_seed(split, seed) for split in from_pairs.known(transfer))
  results = {
    'oracle': {group: gains[:, 0] for group, gains in test.items()},
    'validation': {group: gains[:, 0] for group, gains in valid.items()},
  }
  of_pairs = from_pairs.pairs(valid, len(transfer.names))
  tables = {'pairs': of_pairs, **{k: v[seed] for k, v in affinities.items()}}
  return results | {
    name: grouping.predicted(table, test)
    for name, table in tables.items()
    if table is not None
  }


def _of_seed(gains: dict, seed: int) -> dict:
  return {group: own[:, [seed]] for group, own in gains.items()}


def groupings(transfer: Transfer, affinities: Affinities) -> pd.DataFrame:
  """Lets each chooser find its grouping in every resplit, for every budget.

  `networks` is the grouping that was chosen most often, and `often` the share
  of resplits that chose it. `over_random` is the gain over the mean of all
  partitions of the tasks into as many groups as the budget, paired by seed, and
  `regret` how much more the oracle gains.

  Args:
    transfer: all gains.
    affinities: of all seeds.

  Returns:
    A line per budget and chooser (`COLUMNS`); gains are those on test. No
    lines for more than `MOST` tasks.
  """
  test, _ = from_pairs.known(transfer)
  size, count = len(transfer.names), len(transfer.seeds)
  if size > MOST:
    return pd.DataFrame([], columns=COLUMNS)
  by_seed = [
    {
      name: grouping.best_of_each(guess, size, size)
      for name, guess in predictions(transfer, affinities, seed).items()
    }
    for seed in range(count)
  ]
  rows = []
  # Every size of the budget up to a network per task.
  for budget in range(1, size + 1):
    chosen = {
      name: [own[name][budget - 1] for own in by_seed] for name in by_seed[0]
    }
    # So few networks do not reach all tasks in any resplit.
    if chosen['oracle'][0] is not None:
      rows += _lines(transfer, chosen, test, budget)
  return pd.DataFrame(rows, columns=COLUMNS)


def _lines(transfer, chosen: Chosen, test: dict, budget: int) -> list[dict]:
  size, count = len(transfer.names), len(transfer.seeds)
  of_seeds = [_of_seed(test, seed) for seed in range(count)]
  gained = {
    name: np.array(
      [
        grouping.realised(one, own).mean()
        for one, own in zip(choices, of_seeds, strict=True)
      ]
    )
    for name, choices in chosen.items()
  }
  chance = [grouping.at_random(own, size, budget) for own in of_seeds]
  if None not in chance:
    gained['random'] = np.array(chance)
  overlap = transfer.base.test_over_train

  def tested(values):
    return stats.one_sample(values, stats.PERCENT, overlap)[:3]

  unknown = np.full(count, np.nan)
  return [
    {
      'budget': budget,
      'chosen_by': name,
      **_most_often(chosen.get(name, []), transfer.names),
      'n_seeds': count,
      **_named('gain ci_low ci_high', tested(own)),
      **_named(
        'over_random over_low over_high',
        tested(own - gained.get('random', unknown)),
      ),
      'regret': (gained['oracle'] - own).mean(),
    }
    for name, own in gained.items()
  ]


def _named(names: str, values: tuple) -> dict:
  return dict(zip(names.split(), values, strict=True))


def _most_often(choices: list[Grouping], names: list[str]) -> dict:
  if not choices:  # `random` is all of them.
    return {}
  ((networks, times),) = Counter(named(c, names) for c in choices).most_common(
    1
  )
  return {
    'networks': networks,
    'often': times / len(choices),
    'n_networks': np.mean([len(choice.networks) for choice in choices]),
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
