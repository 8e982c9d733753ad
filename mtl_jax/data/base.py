"""Data sets: three splits, their tasks, and a card that describes them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Shaped

from mtl_jax import tasks as tasks_lib
from mtl_jax.data import splits
from mtl_jax.data.checking import label_weights, map_labels, one_class
from mtl_jax.data.views import Split, Table, View, inputs_to_check
from mtl_jax.errors import InputError
from mtl_jax.tasks import Task

__all__ = [
  *('Card', 'Data', 'Scale', 'Split', 'check', 'counted', 'cut', 'finite'),
]

_OWN = 2000  # the random stream that assigns rows to tasks


def __getattr__(name: str) -> Any:
  """Provides `base.arrays` and `base.prepare` from `store`.

  The import is deferred because `store` imports TFDS, which is slow and which
  only data sets on disk need.
  """
  if name not in ('arrays', 'prepare'):
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
  from mtl_jax.data import store

  return getattr(store, name)


class Card(NamedTuple):
  """Describes where the data come from and how they were split.

  Attributes:
    name: name of the data set.
    source: where the rows come from.
    licence: licence of the rows.
    citation: publication to cite.
    split_rule: how rows are assigned to splits.
    counts: rows per split (`'train'`) and known labels per split and task
      (`'train/cd496'`); `cut` fills it.
    notes: limitations that a reader of results should know.
    drawn: whether every seed generates its own rows, independent of those of
      other seeds.
    units: what is independent of each other, in the plural: the groups of rows
      that no split cuts, such as 'patients' or 'documents'.
    unit_counts: number of units of each split (`'train'`); None is one per row.
      The overlap of resplits is corrected by them.
  """

  name: str
  source: str
  licence: str
  citation: str
  split_rule: str
  counts: dict[str, int]
  notes: str = ''
  drawn: bool = False
  units: str = 'rows'
  unit_counts: dict[str, int] | None = None


class Scale(NamedTuple):
  """The scale of standardised labels: `label = mean + std * prediction`.

  Attributes:
    mean: mean of the known training labels, in their unit.
    std: standard deviation of the known training labels, in their unit.
    unit: name of the unit, '' if it is not known.
  """

  mean: float
  std: float
  unit: str = ''


class Data(NamedTuple):
  """A checked data set, ready to train on.

  Attributes:
    train: training split; as the others, it may be a view of a shared table.
    valid: validation split.
    test: test split.
    tasks: the K tasks, in the order of labels and masks.
    card: description of the data.
    recipe: what encodes new rows as these were, fitted on the training rows: a
      `frames.recipe.Recipe`, or None if the data set has none.
    scales: one `Scale` per task, None for a task whose labels are in their own
      unit; () if no task has one.
    sources: numbers of training rows of each source, if tasks have rows of
      their own; the training rows of a source follow each other.
  """

  train: Split | View
  valid: Split | View
  test: Split | View
  tasks: tuple[Task, ...]
  card: Card
  recipe: Any = None
  scales: tuple[Scale | None, ...] = ()
  sources: tuple[int, ...] = ()

  @property
  def splits(self) -> dict[str, Split | View]:
    """The splits by name: train, valid, test."""
    return {'train': self.train, 'valid': self.valid, 'test': self.test}


def cut(
  table: Split,
  rows: Sequence[np.ndarray],
  tasks: Sequence[Task],
  card: Card,
  columns: Sequence[str] = (),
  groups: Shaped[np.ndarray, 'rows'] | None = None,
) -> Data:
  """Splits one table into train, valid and test, and checks the result.

  Rows are not copied, so the table's arrays must not be modified later. If all
  seeds split equal tables, the table is held in memory once.

  Args:
    table: all rows.
    rows: row numbers of train, valid and test.
    tasks: the K tasks.
    card: description; its `counts` are filled.
    columns: names of the last axis of the inputs, for messages.
    groups: group of each row of the table, `[N]`, if rows are not independent:
      the card's `unit_counts` become the numbers of groups of the splits.

  Returns:
    The data set, whose splits are views of the table.

  Raises:
    InputError: as in `check`.
  """
  whole, number = Table(table), np.arange(len(table.mask))
  parts = [View(whole, number[r]) for r in rows]
  if groups is not None:
    found = [len(np.unique(groups[r])) for r in rows]
    card = card._replace(
      unit_counts=dict(zip(Data._fields, found, strict=False))
    )
  data = Data(*parts, tuple(tasks), card)
  return check(counted(data), columns)


def own_rows(data: Data, seed: int) -> Data:
  """Masks all labels of each training row but that of one random task.

  This simulates tasks with disjoint data sets. Validation and test splits are
  unchanged.

  Args:
    data: the data set.
    seed: seed of the assignment.

  Raises:
    InputError: if a task is left without a training row.
  """
  mask, weights = data.train.mask, data.train.weights
  if weights is not None:
    mask = mask & (weights > 0)  # A label that does not count is no label.
  draw = splits.words(seed, mask.shape, _OWN)
  # The largest random word among the known labels of a row chooses its task.
  chosen = np.where(mask, draw, 0).argmax(axis=1)
  mask = mask & (np.arange(mask.shape[1])[None] == chosen[:, None])
  for task, rows in zip(data.tasks, mask.sum(0), strict=True):
    if not rows:
      raise InputError(
        f'config.own_rows leaves task {task.name!r} no training row; set it to '
        'False, or use more rows'
      )
  return counted(data._replace(train=data.train._replace(mask=mask)))


def counted(data: Data) -> Data:
  """Returns the data with `card.counts` filled."""
  counts = {name: len(split.mask) for name, split in data.splits.items()}
  for name, split in data.splits.items():
    for task, known in zip(data.tasks, split.mask.sum(axis=0), strict=True):
      counts[f'{name}/{task.name}'] = int(known)
  return data._replace(card=data.card._replace(counts=counts))


def check(data: Data, columns: Sequence[str] = ()) -> Data:
  """Checks that a data set can be trained on.

  Args:
    data: the data set.
    columns: names of the last axis of the inputs, for messages.

  Returns:
    The data set, whose tasks have all fields that their kinds infer from
    labels, such as the number of classes.

  Raises:
    InputError: if a float input or label is NaN or infinite, a task has no
      known label in a split, or only one class in validation or test, a
      weight is not valid, `tasks.check` refuses the tasks, or a kind refuses
      a label.
  """
  tasks_lib.check(data.tasks)
  _check_split(data, columns)
  rows = len(data.train.mask)
  if data.sources and sum(data.sources) != rows:
    raise InputError(
      f'sources are {data.sources}, {sum(data.sources)} rows, and the train '
      f'split has {rows}; give the number of training rows of each source'
    )
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
          'leave the task out, or use another split'
        )
      # Masked labels too: `Split.labels` are finite everywhere.
      if task.dense:
        map_labels.check(name, split, task, np.asarray(labels))
      else:
        finite(labels, f'{name} labels of {task.name!r}')
    label_weights.check(name, split, data.tasks)


def _labelled(data: Data) -> Data:
  """Completes the tasks and replaces labels by what their kinds return."""
  splits = list(data.splits.values())
  labels, masks = ([getattr(s, p) for s in splits] for p in ('labels', 'mask'))
  # Fields are inferred over all splits: a class that only the test split has
  # needs an output too.
  mask = np.concatenate(masks)
  tasks = [
    _completed(task, [own[t] for own in labels], mask[:, t])
    for t, task in enumerate(data.tasks)
  ]
  checked = {
    name: _checked(name, split, own, known, tasks)
    for (name, split), own, known in zip(
      data.splits.items(), labels, masks, strict=True
    )
  }
  data = data._replace(**checked, tasks=tuple(tasks))
  same = all(
    new.mask is old for new, old in zip(checked.values(), masks, strict=True)
  )
  return data if same else counted(data)


def _checked(name: str, split, labels, mask, tasks) -> Split | View:
  """Returns the split with checked labels."""
  checked = [
    _of_task(task.name, task.made.check, own, known, f'{name} labels')
    for task, own, known in zip(tasks, labels, mask.T, strict=True)
  ]
  own_mask = map_labels.known(name, tasks, checked, mask)
  if name != 'train':
    for task, own, known in zip(tasks, checked, own_mask.T, strict=True):
      one_class.check(task, own, known, name)
  # A view keeps the parts of its table that no check has changed.
  changed = {}
  if not all(new is old for new, old in zip(checked, labels, strict=True)):
    changed['labels'] = tuple(checked)
  if own_mask is not mask:
    changed['mask'] = own_mask
  return split._replace(**changed) if changed else split


def _completed(task: Task, labels: Sequence[Any], known: np.ndarray) -> Task:
  """Returns the task with what its kind infers from labels of all splits."""
  parts = [np.asarray(own) for own in labels]
  shapes = {part.shape[1:] for part in parts}
  if len(shapes) > 1:
    raise InputError(
      f'labels of task {task.name!r} differ in shape: {sorted(shapes)}'
    )
  # Maps of all splits are not put together for nothing.
  if task.made.infer is None:
    return task
  return _of_task(task.name, task.completed, np.concatenate(parts), known)


def _of_task(name: str, function, labels, known, where: str = 'labels'):
  """Calls a function of a kind; any exception becomes an `InputError`."""
  try:
    return function(np.asarray(labels), np.asarray(known))
  except Exception as error:
    text = ' '.join(str(error).split())
    raise InputError(f'task {name!r}, {where}: {text}') from error


def finite(values: np.ndarray, name: str, columns: Sequence[str] = ()) -> None:
  """Checks that a float array has no NaN or infinity.

  Args:
    values: array `[N, ...]`; arrays of other types are accepted as they are.
    name: name of the array, for the message.
    columns: names of the last axis, for the message.

  Raises:
    InputError: if a value is not finite; it names the first by column and row.
  """
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
