"""What each task gains from being trained with others instead of alone.

A gain is `S = +-(M(with others) - M(single)) / |M(single)|` in percent of the
task's headline metric, + is better (Standley et al., ICML 2020,
arXiv:1905.07553). Differences are paired by seed, and the denominator is the
baseline's mean over seeds, as for Delta_m (`stats.paired_delta_m`).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from mtl_jax.report import power, stats
from mtl_jax.report.results import Cell, TaskInfo
from mtl_jax.report.transfer import grouping, groups
from mtl_jax.report.transfer.groups import Group

SPLITS = ('valid', 'test')
LONG = (
  *('split', 'group', 'task', 'seed', 'metric', 'value', 'single', 'gain'),
)
COLUMNS = (
  *('group', 'size', 'task', 'metric', 'n_seeds', 'gain', 'ci_low', 'ci_high'),
  *('p_value', 'p_holm', 'verdict', 'detectable', 'reason'),
)


class Transfer(NamedTuple):
  """The gains of all groups.

  Attributes:
    base: the baseline.
    groups: of tasks that were trained together.
    long: a line per split, group, task and seed (`LONG`).
    frame: a line per group and task, on test (`COLUMNS`).
  """

  base: Cell
  groups: list[Group]
  long: pd.DataFrame
  frame: pd.DataFrame

  @property
  def names(self) -> list[str]:
    """Names of the tasks, in the order of the baseline."""
    return [task.name for task in self.base.tasks]

  @property
  def seeds(self) -> list[int]:
    """Seeds that the baseline and a group have completed."""
    return sorted({*self.long['seed'].tolist()})

  def whole(self, split: str) -> dict[grouping.Group, np.ndarray]:
    """Returns the gains of groups whose every task has every seed.

    Args:
      split: one of `SPLITS`.

    Returns:
      `[members, seeds]` by group, a tuple of task indices. A task alone is
      among them and gains 0.
    """
    long = self.long[self.long['split'] == split]
    table = long.pivot(index=['group', 'task'], columns='seed', values='gain')
    table = table.reindex(columns=self.seeds)
    shape = 1, len(self.seeds)
    results = {(t,): np.zeros(shape) for t in range(len(self.names))}
    for group in self.groups:
      key = tuple(map(self.names.index, group.members))
      gains = table.reindex([(group.name, name) for name in group.members])
      if np.isfinite(gains.to_numpy()).all():
        results[key] = gains.to_numpy()
    return results


def make(base: Cell, trained: Sequence[Group]) -> Transfer:
  """Computes the gains of all groups over the baseline, and tests them.

  Holm's correction is over all lines of `Transfer.frame`.

  Args:
    base: the baseline, with all tasks.
    trained: the groups.

  Returns:
    The gains.
  """
  single = groups.of_cell(base)
  frames, rows = [], []
  for group in trained:
    for task in base.tasks:
      if task.name not in group.members:
        continue
      frames += [of_task(single, group, task, split) for split in SPLITS]
      rows.append(_row(group, task, frames[-1], base.test_over_train))
  _correct(rows, base.test_over_train)
  long = pd.concat([frame for frame, _ in frames], ignore_index=True)
  return Transfer(base, list(trained), long, pd.DataFrame(rows)[[*COLUMNS]])


def of_task(
  single: Group, group: Group, task: TaskInfo, split: str
) -> tuple[pd.DataFrame, str]:
  """Returns the gains of one task in one group.

  Args:
    single: the tasks alone.
    group: the tasks together.
    task: of both.
    split: one of `SPLITS`.

  Returns:
    A line per seed that both have (`LONG`), and the reason if there is no gain.
  """
  metric, higher = task.metrics[0]
  own, base = (g.values(split, task.name, metric) for g in (group, single))
  seeds = sorted(own.keys() & base.keys())
  value, alone = ([v[s] for s in seeds] for v in (own, base))
  delta = stats.paired_delta_m(
    # [seeds, metrics], of one metric.
    np.reshape(value, (-1, 1)),
    np.reshape(alone, (-1, 1)),
    [higher],
    names=[f'{task.name} ({metric})'],
  )
  per_seed = [np.nan] * len(seeds) if delta.per_seed is None else delta.per_seed
  columns = (
    split,
    group.name,
    task.name,
    seeds,
    metric,
    value,
    alone,
    per_seed,
  )
  return pd.DataFrame(dict(zip(LONG, columns, strict=True))), delta.reason


def _row(group, task, result, test_over_train) -> dict:
  frame, reason = result
  known = frame['gain'].dropna()
  test = stats.one_sample(known, stats.PERCENT, test_over_train)
  values = (group.name, len(group.members), task.name, task.metrics[0][0])
  row = dict(zip(COLUMNS, (*values, len(known), *test), strict=False))
  return row | {'reason': reason, 'std': known.std()}


def _correct(rows: list[dict], overlap: float | None) -> None:
  adjusted = stats.holm([row['p_value'] for row in rows])
  for row, p_holm in zip(rows, adjusted, strict=True):
    row['p_holm'] = np.nan if p_holm is None else p_holm
    row['p_value'] = np.nan if p_holm is None else row['p_value']
    shown = p_holm is not None and p_holm < stats.ALPHA
    better = 'better' if row['gain'] > 0 else 'worse'
    row['verdict'] = better if shown else stats.UNDECIDED
    row['detectable'] = _detectable(row, overlap, len(rows))


def _detectable(row: dict, overlap: float | None, tests: int) -> float:
  """The smallest gain that would have been shown with 80 % power."""
  count = row['n_seeds']
  if count < 2:
    return np.nan
  std = power.typical(row['std'], count)
  part = 1 / count + (overlap or 0)
  return power.detectable(std, count, part, stats.ALPHA / tests)
