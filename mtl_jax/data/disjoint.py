"""Sources of training rows, where labels tell which task a row was made for."""

import numpy as np

from mtl_jax.data import views
from mtl_jax.data.base import Data
from mtl_jax.errors import InputError


def by_labels(data: Data) -> Data:
  """Makes training rows with labels of the same tasks a source of their own.

  Args:
    data: the data set; one whose sources are known is returned as it is.

  Returns:
    The data set with its training rows sorted by source, in the order of the
    tasks, and within a source as before.

  Raises:
    InputError: if a row has no label, or there are not two or more sources
      without a common task.
  """
  if data.sources:
    return data
  mask = data.train.mask
  _check_rows(mask)
  patterns = np.unique(mask, axis=0)
  if len(patterns) < 2 or (patterns.sum(axis=0) > 1).any():
    raise InputError(
      'config.sampling is for tasks with training rows of their own, and here '
      "rows have labels of several tasks; set it to 'rows' or 'auto', or "
      'config.own_rows=True'
    )
  # No task is in two sources, so its first task says which source a row is of.
  first = mask.argmax(axis=1)
  order = np.argsort(first, kind='stable')
  sizes = np.unique(first, return_counts=True)[1]
  train = views.take(data.train, order)
  return data._replace(train=train, sources=tuple(sizes.tolist()))


def _check_rows(mask: np.ndarray) -> None:
  empty = np.flatnonzero(~mask.any(axis=1))
  if len(empty):
    raise InputError(
      f'config.sampling: training row {empty[0]} has no label and so belongs '
      "to no task; drop it, or set config.sampling='rows'"
    )
