"""Checks labels that are maps of pixels: sizes, numbers, known pixels."""

from collections.abc import Sequence

import jax
import numpy as np
from jaxtyping import Bool

from mtl_jax.data.views import Split, View, first
from mtl_jax.errors import InputError
from mtl_jax.tasks import Task


def check(name: str, split: Split | View, task: Task, labels: np.ndarray):
  """Checks the maps of a dense task, known or not.

  Args:
    name: of the split.
    split: has the pictures.
    task: of the labels.
    labels: `[N, H, W]` or `[N, H, W, d]`.

  Raises:
    InputError: a map differs in size from the picture, or has a value that is
      not finite; it names the first by picture and pixel.
  """
  pictures = jax.tree.leaves(first(split, 1).inputs)
  sizes = [x.shape[1:3] for x in pictures if np.ndim(x) == 4]
  if labels.ndim > 2 and sizes and labels.shape[1:3] not in sizes:
    own, wanted = (f'{h} x {w}' for h, w in (labels.shape[1:3], sizes[0]))
    raise InputError(
      f'{name} labels of {task.name!r} are maps of {own} pixels and the '
      f'pictures have {wanted}; resize the maps (by nearest neighbours)'
    )
  if labels.dtype.kind != 'f':
    return
  for picture, own in enumerate(labels):
    if not np.isfinite(own).all():
      row, column = np.argwhere(~np.isfinite(own))[0][:2].tolist()
      raise InputError(
        f'{name} labels of {task.name!r}: picture {picture}, pixel ({row}, '
        f'{column}) is {own[row, column].tolist()}; labels are finite: give '
        'a pixel without a label the value that its kind has for that, which '
        'is 0 for depths and normals'
      )


def known(
  name: str,
  tasks: Sequence[Task],
  labels: Sequence[np.ndarray],
  mask: Bool[np.ndarray, 'rows tasks'],
) -> Bool[np.ndarray, 'rows tasks']:
  """Masks the labels of rows of which no value counts, see `Kind.counts`.

  Args:
    name: of the split.
    tasks: the K tasks.
    labels: valid labels of each of them.
    mask: of known labels.

  Returns:
    The mask itself if there is no such row, or a new one.

  Raises:
    InputError: no label of a task is left.
  """
  found = mask
  for t, task in enumerate(tasks):
    if task.made.counts is None:
      continue
    column = mask[:, t] & (np.asarray(task.made.counts(labels[t])) > 0)
    if not column.any():
      raise InputError(
        f'task {task.name!r} has no known pixel in the {name} split; leave '
        'the task out, or use another split'
      )
    if not np.array_equal(column, mask[:, t]):
      found = found.copy() if found is mask else found
      found[:, t] = column
  return found
