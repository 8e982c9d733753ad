"""What validation losses or metrics are divided by, and which tasks count."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from mtl_jax.data.base import Data
from mtl_jax.errors import InputError, nearest
from mtl_jax.tasks import Task, constants


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
  labels, mask = data.train.labels, data.train.mask
  return [
    by(task, labels[t], mask[:, t]) for t, task in enumerate(data.tasks)
  ]


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
  return counted(names, primary) / counted(names, primary).sum()


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
