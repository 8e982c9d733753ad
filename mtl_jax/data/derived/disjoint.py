"""Data sets whose tasks have training rows of their own: one source each."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from mtl_jax.data import base, views
from mtl_jax.data.base import Data, Split
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


def joined(datas: Sequence[Data], name: str = 'several') -> Data:
  """Makes one data set of several, whose rows lack the labels of the others.

  Each is a source of its own, from which `config.sampling` draws.

  Args:
    datas: data sets with distinct tasks, and inputs of one structure and shape.
    name: name of the data set.

  Returns:
    The data set, with the tasks of all in order.

  Raises:
    InputError: if inputs differ in shape, or `base.check` refuses the result.
  """
  if not datas:
    raise InputError('there is no data set to join; give at least one')
  _check_inputs(datas)
  splits = {
    split: _split([data.splits[split] for data in datas])
    for split in datas[0].splits
  }
  tasks = tuple(task for data in datas for task in data.tasks)
  scales = tuple(s for d in datas for s in d.scales or (None,) * len(d.tasks))
  return base.check(
    base.counted(
      Data(
        **splits,
        tasks=tasks,
        card=_card([data.card for data in datas], name),
        scales=scales if any(scales) else (),
        sources=tuple(len(data.train.mask) for data in datas),
      )
    )
  )


def _split(parts: Sequence[Split | views.View]) -> Split:
  """Puts splits under one another; labels of others are 0 and masked."""
  rows = [len(part.mask) for part in parts]
  ends = np.cumsum(rows)
  masks = [np.asarray(part.mask) for part in parts]
  tasks = np.cumsum([0, *(mask.shape[1] for mask in masks)])
  mask = np.zeros((ends[-1], tasks[-1]), bool)
  weights = np.ones(mask.shape, np.float32)
  labels, weighted = [], False
  for i, part in enumerate(parts):
    own = slice(ends[i] - rows[i], ends[i])
    columns = slice(tasks[i], tasks[i + 1])
    mask[own, columns] = masks[i]
    if part.weights is not None:
      weights[own, columns], weighted = part.weights, True
    for label in part.labels:
      whole = np.zeros((ends[-1], *label.shape[1:]), label.dtype)
      whole[own] = label
      labels.append(whole)
  inputs = jax.tree.map(
    lambda *x: np.concatenate(x), *(part.inputs for part in parts)
  )
  return Split(inputs, tuple(labels), mask, weights if weighted else None)


def _check_inputs(datas: Sequence[Data]) -> None:
  first, *others = (_shapes(views.first(d.train, 1).inputs) for d in datas)
  for number, other in enumerate(others, start=1):
    if other != first:
      raise InputError(
        f'inputs of data set {number} are {other}, and those of the first are '
        f'{first}; give all of them the same inputs'
      )


def _shapes(inputs: Any) -> Any:
  """Shapes of one row and types, in the structure of the inputs."""
  return jax.tree.map(lambda x: f'{[*x.shape[1:]]} {x.dtype}', inputs)


def _card(cards: Sequence[base.Card], name: str) -> base.Card:
  def said(field):
    return '; '.join(dict.fromkeys(getattr(card, field) for card in cards))

  texts = ('source', 'licence', 'citation', 'split_rule', 'notes', 'units')
  known = [card.unit_counts for card in cards]
  return base.Card(
    name=name,
    counts={},
    drawn=all(card.drawn for card in cards),
    unit_counts={k: sum(own[k] for own in known) for k in known[0]}
    if all(known)
    else None,
    **{field: said(field) for field in texts},
  )
