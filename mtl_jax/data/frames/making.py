"""Data sets of what a user has in memory: a data frame, or arrays."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mtl_jax.data.frames import array_inputs, reading
from mtl_jax.data.frames import tasks as words
from mtl_jax.data.frames.dataset import DataSet
from mtl_jax.data.frames.plan import Asked
from mtl_jax.errors import InputError

GROUP, SPLIT = '(group)', '(split)'  # columns that no task is called


def frame(
  df: Any,
  tasks: Sequence[str],
  inputs: Sequence[str] = (),
  weights: str = '',
  split: str = '',
  group: str = '',
  drop: Sequence[str] = (),
  kinds: Sequence[str] = (),
  categories: str = 'auto',
  impute: str = 'median',
  parts: tuple[int, ...] = (3, 1, 1),
  max_len: int = 40,
  vocab_size: int = 10_000,
  image_size: int = 32,
  name: str = '',
  source: str = 'a data frame',
) -> DataSet:
  """Makes a data set of a data frame.

  Args:
    df: data frame, one row per example. Missing inputs are filled and marked,
      missing labels are masked.
    tasks: columns and kinds: 'outcome:binary', 'score:regression(points)',
      'visits:count', 'grade:ordinal(low, high)', 'topic:multiclass',
      'time+event:survival'.
    inputs: input columns; () is all that are used for nothing else.
    weights: column of the weights of rows, or one per task:
      'outcome=w,score=w2'.
    split: column of your own split, of the words train, valid and test.
    group: column of groups that no split may cut.
    drop: columns that are no inputs.
    kinds: kinds of columns where they should not be inferred: 'zip:category'.
      Kinds: number, yes/no, date, category, embedded, text, image.
    categories: 'onehot', 'embed', or 'auto': embedded from 21 categories on.
    impute: 'median' or 'mean' of the training rows, for missing numbers.
    parts: sizes of train, valid and test, if no column says the split.
    max_len: number of words to which text is cut or padded.
    vocab_size: size of the vocabulary of text.
    image_size: height and width that pictures are scaled to, in pixels.
    name: name of the data, for reports; '' is that of the file that
      `mtl_jax.read` has read, or 'table'.
    source: where the rows come from, for the card.

  Returns:
    A `DataSet`: `dataset(split_seed)` gives a `base.Data`, and
    `dataset.describe()` says what was inferred.

  Raises:
    InputError: if the table cannot be trained on; it names column and row.
  """
  asked = Asked(
    _tuple(tasks),
    _tuple(inputs),
    weights,
    split,
    group,
    _tuple(drop),
    _tuple(kinds),
    categories,
    impute,
    tuple(parts),
    max_len,
    vocab_size,
    image_size,
  )
  # A table that is no data frame is refused by `DataSet`.
  name = name or getattr(df, 'attrs', {}).get(reading.NAME, 'table')
  return DataSet(df, asked, name, source)


def arrays(
  inputs: Any,
  labels: Mapping[str, Any] | Sequence[Any] | np.ndarray | pd.DataFrame,
  tasks: Sequence[str],
  groups: Any = None,
  weights: Any = None,
  split: Any = None,
  name: str = 'arrays',
) -> DataSet:
  """Makes a data set of arrays; inputs are used as they are.

  Args:
    inputs: array `[N, ...]`, or a pytree of them, that the encoder takes: scale
      floats to about 1 yourself. NaN is refused.
    labels: arrays `[N]` by the names of tasks, or in the order of `tasks`;
      `[N, 2]` for survival; NaN, and -1 of classes, is a missing label.
    tasks: names and kinds, as in `frame`.
    groups: group of each row, `[N]`, that no split may cut.
    weights: `[N]`, or `[N, K]` for tasks with weights of their own.
    split: your own split, `[N]`, of the words train, valid and test.
    name: name of the data, for reports.

  Raises:
    InputError: if lengths differ, or labels do not suit their kinds.
  """
  tasks = _tuple(tasks)
  names = [str(word).rpartition(':')[0] for word in tasks]
  columns = _label_columns(tasks, names, labels)
  columns |= _weight_columns(names, weights)
  columns |= {} if groups is None else {GROUP: np.asarray(groups)}
  columns |= {} if split is None else {SPLIT: np.asarray(split)}
  inputs = array_inputs.numeric(inputs)
  array_inputs.check_lengths(inputs, columns)
  asked = Asked(
    tasks,
    weights=','.join(f'{n}={_weight(n)}' for n in names)
    if weights is not None
    else '',
    split='' if split is None else SPLIT,
    group='' if groups is None else GROUP,
  )
  return DataSet(pd.DataFrame(columns), asked, name, 'arrays', inputs)


def _tuple(given: Any) -> tuple[str, ...]:
  return (given,) if isinstance(given, str) else tuple(given)


def _label_columns(tasks, names: list[str], labels: Any) -> dict[str, Any]:
  if isinstance(labels, pd.DataFrame):
    labels = {str(name): labels[name] for name in labels}
  if isinstance(labels, np.ndarray) and labels.ndim == 1:
    labels = [labels]
  if isinstance(labels, np.ndarray):
    labels = list(labels.T)
  if not isinstance(labels, Mapping):
    if len(labels) != len(names):
      raise InputError(
        f'labels are {len(labels)} arrays and tasks are {len(names)}; give one '
        'array per task'
      )
    labels = dict(zip(names, labels, strict=True))
  columns = {}
  for word, name in zip(tasks, names, strict=True):
    if name not in labels:
      raise InputError(f'labels has no array {name!r} for task {word!r}')
    columns |= _of_task(word, name, np.asarray(labels[name]))
  return columns


def _of_task(word: str, name: str, own: np.ndarray) -> dict[str, np.ndarray]:
  kind = word.rpartition(':')[2].partition('(')[0]
  wanted = 2 if kind == 'survival' else 1
  if own.ndim != wanted or (wanted == 2 and own.shape[1] != 2):
    shape = '[N, 2], time and event' if wanted == 2 else '[N]'
    raise InputError(f'labels of {name!r} are {[*own.shape]}; give {shape}')
  if wanted == 2:
    return dict(zip(name.split('+', 1), own.T, strict=True))
  if kind in words.CLASSES and own.dtype.kind in 'if':
    own = np.where(own == -1, np.nan, own)
  return {name: own}


def _weight(name: str) -> str:
  return f'weight of {name}'


def _weight_columns(names: list[str], weights: Any) -> dict[str, np.ndarray]:
  if weights is None:
    return {}
  own = np.asarray(weights)
  own = np.tile(own[:, None], len(names)) if own.ndim == 1 else own
  if own.ndim != 2 or own.shape[1] != len(names):
    raise InputError(
      f'weights are {[*own.shape]}; give [N], or [N, {len(names)}]'
    )
  return {_weight(n): own[:, i] for i, n in enumerate(names)}
