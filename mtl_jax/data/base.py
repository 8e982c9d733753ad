"""What a data set is: three splits, their tasks, and a card."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from mtl_jax import tasks as tasks_lib
from mtl_jax.data import splits
from mtl_jax.data.views import Split, Table, View, inputs_to_check
from mtl_jax.errors import InputError
from mtl_jax.tasks import Task

__all__ = ['Card', 'Data', 'Split', 'check', 'counted', 'cut', 'finite']

_OWN = 2000  # the stream that deals rows out to tasks


def __getattr__(name: str) -> Any:
  """`base.arrays` and `base.prepare` are those of `store`.

  Its TFDS is imported where a data set lies on disk, not by all that know what
  data are.
  """
  if name not in ('arrays', 'prepare'):
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
  from mtl_jax.data import store

  return getattr(store, name)


class Card(NamedTuple):
  """Where the data come from and how they were cut.

  `counts` holds the rows per split (`'train'`) and the known labels per split
  and task (`'train/cd496'`); `cut` fills it. `drawn`: every seed draws rows of
  its own, that share nothing with another's.
  """

  name: str
  source: str
  licence: str
  citation: str
  split_rule: str
  counts: dict[str, int]
  notes: str = ''
  drawn: bool = False


class Data(NamedTuple):
  """A data set, ready to train on; a split may be a view of a table."""

  train: Split | View
  valid: Split | View
  test: Split | View
  tasks: tuple[Task, ...]
  card: Card

  @property
  def splits(self) -> dict[str, Split | View]:
    """The three splits by name."""
    return {'train': self.train, 'valid': self.valid, 'test': self.test}


def cut(
  table: Split,
  rows: Sequence[np.ndarray],
  tasks: Sequence[Task],
  card: Card,
  columns: Sequence[str] = (),
) -> Data:
  """Cuts one table into train, valid and test, by three arrays of row numbers.

  Rows are not copied, so leave the table's arrays as they are; where all seeds
  cut the same one, it is held once. The result is checked (`columns` as in
  `check`) and its card counted.
  """
  whole, number = Table(table), np.arange(len(table.mask))
  parts = [View(whole, number[r]) for r in rows]
  data = Data(*parts, tuple(tasks), card)
  return check(counted(data), columns)


def own_rows(data: Data, seed: int) -> Data:
  """Leaves each training row the label of one task, dealt out at random.

  As if every task had a data set of its own; valid and test keep all labels.
  """
  mask = data.train.mask
  draw = splits.words(seed, mask.shape, _OWN)
  chosen = np.where(mask, draw, 0).argmax(axis=1)
  mask = mask & (np.arange(mask.shape[1])[None] == chosen[:, None])
  for task, rows in zip(data.tasks, mask.sum(0), strict=True):
    if not rows:
      raise InputError(
        f'config.own_rows leaves task {task.name!r} no training row; set it to '
        'False, or take more rows'
      )
  return counted(data._replace(train=data.train._replace(mask=mask)))


def counted(data: Data) -> Data:
  """The same data with `card.counts` filled."""
  counts = {name: len(split.mask) for name, split in data.splits.items()}
  for name, split in data.splits.items():
    for task, known in zip(data.tasks, split.mask.sum(axis=0), strict=True):
      counts[f'{name}/{task.name}'] = int(known)
  return data._replace(card=data.card._replace(counts=counts))


def check(data: Data, columns: Sequence[str] = ()) -> Data:
  """Returns `data`, or raises `InputError` that names what is wrong with it.

  Faults: NaN or infinity in a float input (or in a known label), a task
  without any known label in a split, a task list `tasks.check` refuses, a label
  that its kind does. `columns` are names of the last axis of `inputs`, for the
  message. What a kind finds from labels, such as the number of classes, is in
  the result's tasks.
  """
  tasks_lib.check(data.tasks)
  _check_split(data, columns)
  return _labelled(data)


def _check_split(data: Data, columns: Sequence[str]) -> None:
  for name, split in data.splits.items():
    for path, values in inputs_to_check(split):
      finite(values, f'{name} inputs{jax.tree_util.keystr(path)}', columns)
    for task, labels, known in zip(
      data.tasks, split.labels, split.mask.T, strict=True
    ):
      if not known.any():
        raise InputError(
          f'task {task.name!r} has no known label in the {name} split; '
          'leave the task out, or draw the splits anew'
        )
      finite(labels, f'{name} labels of {task.name!r}')


def _labelled(data: Data) -> Data:
  """With what kinds find and make of their labels."""
  splits = list(data.splits.values())
  labels, masks = ([getattr(s, p) for s in splits] for p in ('labels', 'mask'))
  mask = np.concatenate(masks)
  tasks = [
    _of_task(task.name, task.completed, _column(labels, t), mask[:, t])
    for t, task in enumerate(data.tasks)
  ]
  checked = {
    name: _checked(name, split, own, known, tasks)
    for (name, split), own, known in zip(
      data.splits.items(), labels, masks, strict=True
    )
  }
  return data._replace(**checked, tasks=tuple(tasks))


def _checked(name: str, split, labels, mask, tasks) -> Split | View:
  """The split with the labels that its kinds make of these."""
  made = [
    _of_task(task.name, task.made.check, own, known, f'{name} labels')
    for task, own, known in zip(tasks, labels, mask.T, strict=True)
  ]
  # Labels that a check leaves as they are stay those of a table.
  same = all(new is old for new, old in zip(made, labels, strict=True))
  return split if same else split._replace(labels=tuple(made))


def _column(labels: Sequence[tuple], t: int) -> np.ndarray:
  parts = [np.asarray(own[t]) for own in labels]
  shapes = {part.shape[1:] for part in parts}
  if len(shapes) > 1:
    raise InputError(f'labels of task {t} differ in shape: {sorted(shapes)}')
  return np.concatenate(parts)


def _of_task(name: str, function, labels, known, where: str = 'labels'):
  """Whatever a kind finds wrong with labels is the user's to mend."""
  try:
    return function(np.asarray(labels), np.asarray(known))
  except Exception as error:
    text = ' '.join(str(error).split())
    raise InputError(f'task {name!r}, {where}: {text}') from error


def finite(values: np.ndarray, name: str, columns: Sequence[str] = ()) -> None:
  """Raises `InputError` naming the first NaN or infinity by column and row."""
  if values.dtype.kind != 'f' or np.isfinite(values).all():
    return
  first = np.argwhere(~np.isfinite(values))[0]
  column = first[1:].tolist()
  if len(columns) and len(column) == 1:
    column = columns[column[0]]
  where = f'column {column!r}, ' if column else ''
  raise InputError(
    f'{name}: {where}row {first[0]} is {values[tuple(first)]}; '
    'impute it or drop the row first'
  )
