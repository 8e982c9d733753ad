"""Few pixels of few pictures, where every prediction needs many slopes.

A map has thousands of predictions, and those of neighbouring pixels are much
alike. A regression of few unknowns needs neither all pixels nor all pictures.
"""

from collections.abc import Sequence
from typing import Any

from mtl_jax.data.base import Split
from mtl_jax.tasks import Task
from mtl_jax.tasks.constants import thinned

PICTURES = 32
PIXELS = 4096  # of all pictures


def rows(tasks: Sequence[Task], count: int) -> int:
  """Returns `count`, or `PICTURES` if that is less and a task has maps."""
  return min(count, PICTURES) if _dense(tasks) else count


def of(tasks: Sequence[Task], arrays: Sequence[Any]) -> Sequence[Any]:
  """Thins the maps among arrays.

  Args:
    tasks: K tasks.
    arrays: of each task, predictions or labels.

  Returns:
    Maps `[N, h, w, ...]` of about `PIXELS` pixels, and other arrays as given.
  """
  if not _dense(tasks):
    return arrays
  return tuple(
    thinned(arrays[t], PIXELS) if task.dense else arrays[t]
    for t, task in enumerate(tasks)
  )


def split(tasks: Sequence[Task], batch: Split) -> Split:
  """Thins the labels of rows; their inputs stay whole.

  Args:
    tasks: K tasks.
    batch: the rows.
  """
  return batch._replace(labels=of(tasks, batch.labels))


def _dense(tasks: Sequence[Task]) -> bool:
  return any(task.dense for task in tasks)
