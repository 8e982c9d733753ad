"""Negative transfer: where a task loses more than two trainings differ by.

Two trainings of one network on one split, from other initial weights and in
another order of the rows, differ as well. A task suffers negative transfer in a
group where it loses more than that, so `single` is trained a second time with
`config.noise_seed`: what the second gains over the first is chance alone.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from mtl_jax.report import stats
from mtl_jax.report.results import Cell
from mtl_jax.report.transfer import gains, groups
from mtl_jax.report.transfer.gains import Transfer

COLUMNS = (
  *('task', 'size', 'groups', 'n_seeds', 'gain', 'differ', 'worse', 'chance'),
  *('lost', 'lost_by_chance', 'excess', 'ci_low', 'ci_high'),
  *('p_value', 'p_holm', 'shown'),
)


class Twins(NamedTuple):
  """The spread of two trainings of one task alone.

  Attributes:
    changes: by seed, % of the headline by which the second is better.
    spread: root of their mean square: chance has mean 0.
  """

  changes: pd.Series
  spread: float


def twins(base: Cell, second: Cell) -> dict[str, Twins]:
  """Compares two trainings of `single` that differ in their noise alone.

  Args:
    base: the baseline.
    second: the same with another `config.noise_seed`.

  Returns:
    By task; without a seed that both completed the spread is NaN.
  """
  alone, again = groups.of_cell(base), groups.of_cell(second)
  results = {}
  for task in base.tasks:
    frame, _ = gains.of_task(alone, again, task, 'test')
    changes = frame.set_index('seed')['gain'].dropna()
    # Without the mean, which is chance as well.
    spread = float(np.sqrt((changes**2).mean())) if len(changes) else np.nan
    results[task.name] = Twins(changes, spread)
  return results


def by_task(transfer: Transfer, second: Cell) -> pd.DataFrame:
  """Summarises negative transfer on test by task and size of the group.

  `worse` is the share of (group, seed) in which the task loses more than
  `Twins.spread`, and `chance` that of second trainings that do. `lost` is the
  mean of max(-gain, 0), `lost_by_chance` that of second trainings, and `excess`
  their difference, paired by seed, which is tested: unlike a share, it needs no
  limit that is itself estimated. Holm's correction is over all lines. Either
  training may be called the second, so both signs of a change count half.

  Args:
    transfer: all gains.
    second: a second training of the baseline.

  Returns:
    A line per task and size (`COLUMNS`).
  """
  long = transfer.long[transfer.long['split'] == 'test'].dropna(subset='gain')
  size_of = {group.name: len(group.members) for group in transfer.groups}
  long = long.assign(size=long['group'].map(size_of))
  rows = []
  for name, own in twins(transfer.base, second).items():
    of_task = long[long['task'] == name]
    rows += [
      {'task': name, 'size': size}
      | row_of(part, own, transfer.base.test_over_train)
      for size, part in of_task.groupby('size')
    ]
  return pd.DataFrame(_corrected(rows), columns=COLUMNS)


def row_of(part: pd.DataFrame, own: Twins, overlap: float | None) -> dict:
  """Compares a task's gains with two trainings of it alone.

  Args:
    part: of `Transfer.long`, the task in groups of one size.
    own: the two trainings.
    overlap: test over training units of resplits, see `stats.one_sample`.

  Returns:
    The numbers of a line of `COLUMNS`, not corrected.
  """
  # Seeds of which only one training of single is known have no chance.
  part = part[part['seed'].isin(own.changes.index)]
  by_seed = part['gain'].groupby(part['seed'])
  changes = own.changes[[*by_seed.groups]].abs()
  lost = by_seed.apply(lambda gain: -gain.clip(upper=0).mean())
  test = stats.one_sample(lost - changes / 2, stats.PERCENT, overlap)
  return {
    'groups': part['group'].nunique(),
    'n_seeds': len(lost),
    'gain': part['gain'].mean(),
    'differ': own.spread,
    'worse': (part['gain'] < -own.spread).mean(),
    'chance': (changes > own.spread).mean() / 2,
    'lost': lost.mean(),
    'lost_by_chance': changes.mean() / 2,
    **dict(zip(('excess', 'ci_low', 'ci_high', 'p_value'), test, strict=True)),
  }


def _corrected(rows: list[dict]) -> list[dict]:
  adjusted = stats.holm([row['p_value'] for row in rows])
  for row, p_holm in zip(rows, adjusted, strict=True):
    row['p_holm'] = np.nan if p_holm is None else p_holm
    shown = p_holm is not None and p_holm < stats.ALPHA
    # Less often than chance is no negative transfer.
    row['shown'] = bool(shown and row['excess'] > 0)
  return rows
