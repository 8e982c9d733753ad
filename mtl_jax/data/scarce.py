"""Hides training labels of chosen tasks, to study what few labels allow."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Integer, Shaped

from mtl_jax.data import base, splits
from mtl_jax.data.base import Data
from mtl_jax.data.checking.label_weights import CLASSES
from mtl_jax.errors import InputError, nearest

_ORDER = 3000  # the random stream that orders the labels of the first task

Labels = Sequence[tuple[str, int | float]]


def check(labels: Any, where: str = 'labels') -> None:
  """Checks the form of `labels`, which needs no data.

  Args:
    labels: pairs of a task and what it keeps; see `keep`.
    where: name of the field, for the message.

  Raises:
    InputError: if it is not such pairs, a task is given twice, or a number is
      neither a count of 1 or more nor a share between 0 and 1.
  """
  pairs = isinstance(labels, (tuple, list)) and all(
    isinstance(p, (tuple, list)) and len(p) == 2 and isinstance(p[0], str)
    for p in labels
  )
  if not pairs:
    raise InputError(
      f'{where} is {labels!r}; it must be pairs of a task and the number of '
      'its training labels, such as "((\'cd496\', 60),)"'
    )
  names = [name for name, _ in labels]
  for name, amount in labels:
    if names.count(name) > 1:
      raise InputError(f'{where}: task {name!r} is given twice; give it once')
    # A bool is an int, and True would be one label.
    count = type(amount) is int and amount >= 1
    if not count and not (type(amount) is float and 0 < amount < 1):
      raise InputError(
        f'{where}: task {name!r} has {amount!r}; it must be a number of '
        'labels, 1 or more, or a share between 0 and 1'
      )


def keep(
  data: Data, labels: Labels, seed: int | None, where: str = 'labels'
) -> Data:
  """Keeps some training labels of tasks and masks the others.

  Labels of other tasks, all inputs, and validation and test are unchanged. The
  labels that are kept come first in one random order per task and seed, so that
  a smaller number keeps a subset of a larger one. Regression labels keep their
  scale: results have the same unit with few labels as with all.

  Args:
    data: the data set.
    labels: pairs of a task and what it keeps: a number of training labels
      (int), or a share of the known ones (float between 0 and 1). Of a task
      with classes, or of survival with and without event, the order begins with
      one label of each and then keeps their shares.
    seed: seed of the order, or None for a fixed one.
    where: name of the field, for messages.

  Returns:
    The data set with fewer known training labels; the card says so.

  Raises:
    InputError: as `check`, or if a task is unknown or has fewer labels.
  """
  check(labels, where)
  names = [task.name for task in data.tasks]
  mask, said = data.train.mask.copy(), []
  for name, amount in labels:
    if name not in names:
      raise InputError(f'{where}: no task {name!r}; {nearest(name, names)}')
    t = names.index(name)
    count = _count(name, amount, int(mask[:, t].sum()), where)
    mask[:, t] = first(data, t, seed, count)
    said.append(f'{count} training labels of {name} are kept, {_drawn(seed)}.')
  notes = ' '.join(filter(None, [data.card.notes, *said]))
  train = data.train._replace(mask=mask)
  card = data.card._replace(notes=notes)
  return base.counted(data._replace(train=train, card=card))


def _count(name: str, amount: int | float, known: int, where: str) -> int:
  if amount > known:
    raise InputError(
      f'{where}: task {name!r} is to keep {amount} training labels and has '
      f'{known}; give {known} or fewer'
    )
  return amount if amount >= 1 else max(1, round(amount * known))


def _drawn(seed: int | None) -> str:
  return 'the same for all seeds' if seed is None else 'drawn per seed'


def first(
  data: Data, t: int, seed: int | None, count: int
) -> Bool[np.ndarray, 'rows']:
  """Returns which training rows hold the first labels of task `t`.

  Args:
    data: the data set.
    t: number of the task.
    seed: seed of the order, or None.
    count: number of labels.
  """
  rows = np.flatnonzero(data.train.mask[:, t])
  words = splits.words(seed, len(data.train.mask), _ORDER + t)[rows]
  strata = _strata(data.tasks[t].kind, data.train.labels[t][rows])
  kept = np.zeros(len(data.train.mask), bool)
  kept[rows[_spread(strata, words)[:count]]] = True
  return kept


def _strata(
  kind: str, labels: Shaped[np.ndarray, 'rows ...']
) -> Integer[np.ndarray, 'rows']:
  """Returns the class of each label, 0 for kinds without classes."""
  if kind == 'survival':
    return (labels[:, 1] > 0).astype(np.int64)
  if kind in CLASSES and labels.ndim == 1:
    return labels.astype(np.int64)
  return np.zeros(len(labels), np.int64)


def _spread(strata, words) -> Integer[np.ndarray, 'rows']:
  """Orders rows so that every beginning has its share of each stratum."""
  place = np.zeros(len(strata))
  for stratum in np.unique(strata):
    own = np.flatnonzero(strata == stratum)
    own = own[np.argsort(words[own], kind='stable')]
    # As in `splits.pattern`, but for the first, which precedes those of all
    # strata: a rare class has a label however few are kept.
    place[own] = (np.arange(len(own)) + 0.5) / len(own)
    place[own[0]] = -1
  return np.lexsort((words, place))
