"""Predictions as people read them: in the unit of the label, by column."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mtl_jax.tasks import Task


def predicted(task: Task, outputs: np.ndarray, scale: Any) -> np.ndarray:
  """Converts outputs of a head to the unit of the label.

  Args:
    task: the task; its kind says how, see `Kind.predicted`.
    outputs: of the head, `[N, outputs]`.
    scale: `data.base.Scale` of labels that were standardised, or None.

  Returns:
    `[N, columns]`, see `columns`.
  """
  convert = task.made.predicted
  outputs = np.asarray(outputs)
  with np.errstate(over='ignore'):
    values = convert(outputs) if convert else outputs
  return values if scale is None else scale.mean + scale.std * values


def columns(
  task: Task, count: int, classes: Mapping[str, Sequence[str]]
) -> list[str]:
  """Names the columns of `predicted`.

  Args:
    task: the task.
    count: number of columns.
    classes: names of the classes of tasks, in the order of their numbers; a
      task without an entry has the numbers.

  Returns:
    `outcome=dead` for the probability of a class; the name of the task for one
    number; `score_0`, `score_1`, ... for several.
  """
  numbers = task.made.classes
  if numbers:
    names = classes.get(task.name) or range(max(numbers) + 1)
    return [f'{task.name}={names[number]}' for number in numbers]
  if count == 1:
    return [task.name]
  return [f'{task.name}_{i}' for i in range(count)]
