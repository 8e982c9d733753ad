"""What a cell's programs depend on: its identity, less what they read."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mtl_jax import plugins
from mtl_jax.cells import identity
from mtl_jax.cells.choices import Choice
from mtl_jax.data.base import Data


def of(
  known: dict[str, Any], dataset: Choice, datas: Sequence[Data], trained: Data
) -> dict[str, Any]:
  """Returns what cells have in common that run the same programs.

  Programs read as arguments which training labels are known. Cells whose data
  sets differ in their field `labels` alone are thus trained by one program,
  though their numbers, and so their identities, differ. All else that programs
  are made of is the config, the tasks, the first inputs, and numbers of rows:
  see `build.resolve` and `reading.Reading.form`. Masks of validation and test,
  and weights, which `class_weight` derives from labels, count too.

  Args:
    known: the identity of a cell.
    dataset: the chosen file and its fields; if no labels are hidden, or by the
      file itself, all of the identity counts.
    datas: of the cell.
    trained: the first of them, with the tasks of the first run.
  """
  if not dataset.fields.get('labels') or _by_itself(dataset):
    return known
  fields = {
    name: {k: v for k, v in own.items() if k != 'labels'}
    for name, own in known['dataset'].items()
  }
  # A scheme may refuse rows that have labels of several tasks: that is checked
  # when programs are traced.
  several = bool((trained.train.mask.sum(1) > 1).any())
  hidden = ['labels are hidden', several]
  # Kinds infer fields, such as a number of classes, from known labels.
  tasks = [repr(task) for task in trained.tasks]
  data = identity.fingerprint([_unmasked(data) for data in datas])
  return {
    **known,
    'dataset': fields,
    'fingerprint': [data, *hidden],
    'tasks': tasks,
  }


def _by_itself(dataset: Choice) -> bool:
  """Whether its `load` has an argument `labels`, of whatever meaning."""
  return 'labels' in plugins.fields(dataset.make)


def _unmasked(data: Data) -> Data:
  mask = np.ones_like(data.train.mask)
  return data._replace(train=data.train._replace(mask=mask))
