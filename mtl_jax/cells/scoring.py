"""What validation losses or metrics are divided by, and which tasks count."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from mtl_jax.cells import task_groups
from mtl_jax.cells.task_groups import Group
from mtl_jax.data.base import Data, Split
from mtl_jax.errors import InputError, nearest
from mtl_jax.tasks import Task, constants
from mtl_jax.train import Scoring


def scales(
  datas: Sequence[Data], select: str
) -> Float[np.ndarray, 'datas tasks']:
  """Units of the tasks' losses or headline metrics, from training labels.

  Args:
    datas: one data set per seed, or one for all.
    select: `config.select`.

  Returns:
    `[D, K]`, see `constants.loss_scale` and `constants.metric_scale`.
  """
  by = constants.loss_scale if select == 'loss' else constants.metric_scale
  return np.array([_of_data(data, by) for data in datas])


def _of_data(data: Data, by: Any) -> list[float]:
  labels, mask, weights = (getattr(data.train, p) for p in Split._fields[1:])
  by_task = [None] * len(data.tasks) if weights is None else weights.T
  rows = zip(data.tasks, labels, mask.T, by_task, strict=True)
  return [by(task, *own) for task, *own in rows]


def of_runs(
  scales: Float[np.ndarray, 'runs all'],
  data: Data,
  groups: Sequence[Group],
  primary: Sequence[str],
  separate: bool,
) -> Scoring:
  """How the scores of runs are made of the losses of their tasks.

  Args:
    scales: of all tasks of the data set of each run, `[R, all]`.
    data: a data set of the cell.
    groups: the tasks of each run; empty where every run has all.
    primary: `config.primary`.
    separate: as in `shares`.

  Returns:
    Arrays `[R, K]`.
  """
  if groups:
    scales = np.take_along_axis(scales, np.array(groups), axis=1)
  each = [shares(own, primary, separate) for own in names(data, groups)]
  each = np.float32(each)
  return Scoring(np.float32(scales), np.broadcast_to(each, scales.shape))


def values(
  tasks: Sequence[Task], valid: Any, scale: np.ndarray, select: str
) -> Float[np.ndarray, 'runs tasks']:
  """Validation results without unit, of which scores are made.

  Args:
    tasks: K tasks.
    valid: results on validation, `[R]` by task and metric.
    scale: `[R, K]`, see `scales`.
    select: `config.select`.
  """
  if select == 'loss':
    losses = [valid[task.name]['loss'] for task in tasks]
    return np.stack(losses, axis=1) / scale
  columns = []
  for task, own in zip(tasks, scale.T, strict=True):
    value = valid[task.name][next(iter(task.metrics))]
    error = constants.error(task, value, own)
    # A metric without a value, as of one class only, is no reason to fail: it
    # counts as that of an uninformative prediction, unless the loss is NaN.
    undefined = np.isnan(value) & np.isfinite(valid[task.name]['loss'])
    columns.append(np.where(undefined, 1, error))
  return np.stack(columns, axis=1)


def names(data: Data, groups: Sequence[Group]) -> list[list[str]]:
  """Names of the tasks of each group; those of all tasks without groups."""
  every = tuple(range(len(data.tasks)))
  return task_groups.names(data, groups or [every])


def shares(
  names: Sequence[str], primary: Sequence[str], separate: bool
) -> Float[np.ndarray, 'tasks']:
  """Weights of the tasks in the scores of the parts that predict them.

  Args:
    names: of the tasks.
    primary: `config.primary`.
    separate: whether every task is a part of its own.

  Returns:
    `[K]`: 1 for separate parts; else equal weights of the primary tasks, or of
    all where none is primary, which sum to 1.
  """
  if separate:
    return np.ones(len(names))
  chosen = counted(names, primary)
  return chosen / chosen.sum()


def counted(
  names: Sequence[str], primary: Sequence[str]
) -> Float[np.ndarray, 'tasks']:
  """1 for each primary task, and for every task where none is primary."""
  chosen = np.array([float(name in primary) for name in names])
  return chosen if chosen.any() else np.ones(len(names))


def check_primary(primary: Sequence[str], tasks: Sequence[Task]) -> None:
  """Raises `InputError` where a primary task is not one of the data set."""
  names = [task.name for task in tasks]
  for name in primary:
    if name not in names:
      raise InputError(
        f'config.primary names {name!r}, which is no task of the data set; '
        f'{nearest(name, names)}'
      )
