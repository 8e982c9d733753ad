"""What a task loses for sharing, in percent."""

import numpy as np

from mtl_jax.report import stats
from mtl_jax.report.results import Cell, TaskInfo


def lost(cell: Cell, base: Cell, task: TaskInfo) -> dict[int, float]:
  """Returns what a task loses to the baseline, by seed.

  Args:
    cell: a scheme.
    base: the baseline.
    task: one of theirs.

  Returns:
    In percent of the baseline's mean headline metric, + is worse; empty if
    that is too near to zero.
  """
  metric, higher = task.metrics[0]
  own, alone = cell.values(task.name, metric), base.values(task.name, metric)
  seeds = sorted(own.keys() & alone.keys())
  if not seeds:
    return {}
  level = abs(np.mean([alone[seed] for seed in seeds]))
  if level < stats.NEAR_ZERO:
    return {}
  sign = -1 if higher else 1
  return {s: 100 * sign * (own[s] - alone[s]) / level for s in seeds}
