"""Weights of labels: how much each one counts in losses and metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mtl_jax.data.views import Split, View
from mtl_jax.errors import InputError
from mtl_jax.tasks import Task

if TYPE_CHECKING:  # `base` imports this file.
  from mtl_jax.data.base import Data

CLASSES = ('binary', 'multiclass', 'ordinal')  # kinds whose labels are classes


def check(name: str, split: Split | View, tasks: Sequence[Task]) -> None:
  """Checks the weights of a split.

  Args:
    name: of the split, for messages.
    split: the split; one without weights is valid.
    tasks: the K tasks.

  Raises:
    InputError: if weights are not float32 `[N, K]`, one of them is negative,
      NaN or infinite, or those of all known labels of a task are 0.
  """
  weights, mask = split.weights, split.mask
  if weights is None:
    return
  weights = np.asarray(weights)
  if weights.dtype != np.float32:
    raise InputError(
      f'{name} weights have type {weights.dtype}; give float32, as by '
      'weights.astype(np.float32)'
    )
  if weights.shape != mask.shape:
    raise InputError(
      f'{name} weights have shape {weights.shape}; give {mask.shape}, one for '
      'each row and task'
    )
  for task, own, known in zip(tasks, weights.T, mask.T, strict=True):
    _check_task(task.name, f'{name} weights', own, known)


def _check_task(
  task: str, where: str, weights: np.ndarray, known: np.ndarray
) -> None:
  bad = np.flatnonzero(~((weights >= 0) & np.isfinite(weights)))
  if len(bad):
    raise InputError(
      f'task {task!r}, {where}: row {bad[0]} is {weights[bad[0]]}; a weight is '
      'a finite number, 0 or more; 0 leaves the label out'
    )
  if not weights[known].any():
    first = np.flatnonzero(known)[0]
    raise InputError(
      f'task {task!r}, {where}: every known label, from row {first} on, has '
      'weight 0; give one a weight above 0, or leave the task out'
    )


def balanced(data: Data) -> Data:
  """Weighs training labels so that all classes of a task count the same.

  A label of class c is multiplied by n / (C n_c): n training labels, C classes
  among them, n_c of this class (King and Zeng, Political Analysis 9, 2001;
  scikit-learn's `class_weight='balanced'`). Labels of weight 0 are not counted,
  and given weights are multiplied. Validation and test stay as they are.

  Args:
    data: the data set.

  Raises:
    InputError: if no task has classes.
  """
  tasks = [t for t, task in enumerate(data.tasks) if task.kind in CLASSES]
  if not tasks:
    raise InputError(
      "config.class_weight is 'balanced', and no task has classes; set it to "
      f"'none' (kinds with classes: {', '.join(CLASSES)})"
    )
  labels, mask, given = (getattr(data.train, p) for p in Split._fields[1:])
  weights = np.ones(mask.shape, np.float32) if given is None else given.copy()
  for t in tasks:
    known = mask[:, t] & (weights[:, t] > 0)
    _, number, counts = np.unique(
      labels[t][known], return_inverse=True, return_counts=True
    )
    factors = len(number) / (len(counts) * counts)
    weights[known, t] *= factors[number].astype(np.float32)
  return data._replace(train=data.train._replace(weights=weights))
