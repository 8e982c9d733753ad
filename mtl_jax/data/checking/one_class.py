"""Refuses validation and test splits with labels of one class only."""

import numpy as np
from jaxtyping import Bool, Shaped

from mtl_jax.errors import InputError
from mtl_jax.tasks import Task

KINDS = ('binary', 'multiclass', 'ordinal')
REMEDY = (
  'stratify the split by this task (splits.stratified, or strata= of '
  'splits.grouped), use more rows, or leave the task out'
)


class OneClass(InputError):
  """A split on which a task cannot be evaluated."""


def check(
  task: Task,
  labels: Shaped[np.ndarray, 'rows ...'],
  known: Bool[np.ndarray, 'rows'],
  name: str,
) -> None:
  """Checks that a task has labels of two classes, or an event, in a split.

  With one class AUC and kappa have no value, and without an event concordance
  has none: the seed would drop out of means and differences.

  Args:
    task: any task; kinds without classes are not checked.
    labels: valid labels of the split.
    known: which of them are known.
    name: of the split, valid or test.

  Raises:
    OneClass: if it has not.
  """
  values = labels[known]
  if task.kind == 'survival' and not values[:, 1].any():
    raise OneClass(
      f'task {task.name!r} has no event among the {len(values)} known labels '
      f'of the {name} split; {REMEDY}'
    )
  if task.kind in KINDS and len(np.unique(values)) == 1:
    raise OneClass(
      f'task {task.name!r} has only class {values.flat[0]:g} among the '
      f'{len(values)} known labels of the {name} split; {REMEDY}'
    )
