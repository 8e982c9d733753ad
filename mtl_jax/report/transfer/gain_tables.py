"""Gains on test by pair, as a matrix, and by size of the group."""

import itertools

import numpy as np
import pandas as pd

from mtl_jax.report import stats
from mtl_jax.report.transfer.gains import Transfer


def matrix(transfer: Transfer, column: str = 'gain') -> np.ndarray:
  """Returns one column of the gains of pairs as a matrix.

  Args:
    transfer: all gains.
    column: of `Transfer.frame`.

  Returns:
    `[partner, task]`. Unknown entries, among them the diagonal, are NaN, or ''
    in a column of strings.
  """
  names, frame = transfer.names, transfer.frame
  numbers = pd.api.types.is_numeric_dtype(frame[column])
  empty = np.nan if numbers else ''
  table = np.full((len(names), len(names)), empty, float if numbers else object)
  values = frame.set_index(['group', 'task'])[column]
  for pair in (g for g in transfer.groups if len(g.members) == 2):
    for task, partner in itertools.permutations(pair.members):
      # The row's task helps the column's.
      row, column = names.index(partner), names.index(task)
      table[row, column] = values[pair.name, task]
  return table


def by_size(transfer: Transfer) -> pd.DataFrame:
  """Summarises the gains on test by size of the group.

  Args:
    transfer: all gains.

  Returns:
    A line per size.
  """
  long = transfer.long[transfer.long['split'] == 'test'].dropna(subset='gain')
  sizes = {group.name: len(group.members) for group in transfer.groups}
  rows = []
  for size, part in long.groupby(long['group'].map(sizes)):
    per_seed = part.groupby('seed')['gain'].mean()
    test = stats.one_sample(
      per_seed, stats.PERCENT, transfer.base.test_over_train
    )
    own = transfer.frame[transfer.frame['size'] == size]
    rows.append(
      {
        'size': size,
        'groups': part['group'].nunique(),
        **dict(zip(('gain', 'ci_low', 'ci_high'), test[:3], strict=True)),
        'shown_better': (own['verdict'] == 'better').sum(),
        'shown_worse': (own['verdict'] == 'worse').sum(),
      }
    )
  return pd.DataFrame(rows)
