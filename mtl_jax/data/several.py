"""A data set per task: files whose rows have the labels of some tasks only.

  python -m experiments.compare --config=configs/table.py \\
    --config.dataset=several --config.datasets.several.tables="\\
    (('a.csv', ('x:binary',)), ('b.csv', ('y:regression', 'z:count')))" \\
    --workdir=out/several

Input columns of one name are one input; a column that a file lacks is missing
in its rows. `config.sampling` says how many rows of each file a batch has.
"""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mtl_jax.data.frames import dataset, plan, reading
from mtl_jax.errors import InputError

if TYPE_CHECKING:
  from mtl_jax.data.base import Data

Tables = Sequence[tuple[str, Sequence[str]]]


class Several(dataset.DataSet):
  """Tables under one another, whose training rows are sorted by table.

  Args:
    frames: the tables, with the labels of their own tasks alone.
    asked: what the user asks for, of all tables.
    source: where the rows come from, for the card.
  """

  def __init__(
    self, frames: Sequence[pd.DataFrame], asked: plan.Asked, source: str
  ):
    whole = pd.concat(frames, ignore_index=True)
    whole.attrs = dict(frames[0].attrs)
    super().__init__(whole, asked, 'several', source)
    self._table = np.repeat(np.arange(len(frames)), list(map(len, frames)))

  def __call__(self, split_seed: int | None = None) -> Data:
    """Splits and encodes the tables; see `DataSet`.

    Raises:
      InputError: if a table has no training row, or as `DataSet` does.
    """
    from mtl_jax.data import views

    data = super().__call__(split_seed)
    table = self._table[data.train.rows]
    sizes = np.bincount(table, minlength=self._table[-1] + 1)
    if not sizes.all():
      raise InputError(
        f'table {sizes.argmin()} of {self.source} has no training row; give it '
        'more rows, or leave it out'
      )
    train = views.take(data.train, np.argsort(table, kind='stable'))
    return data._replace(train=train, sources=tuple(sizes.tolist()))


def load(
  split_seed: int | None = None,
  data_dir: str = '',
  files: str = '',
  tables: Tables = (),
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
) -> Data:
  """Loads several tables.

  Args:
    split_seed: seed of the split; None is the fixed split.
    data_dir: not used.
    files: not used.
    tables: pairs of a file and its tasks, as in `mtl_jax.data.frame`. A task
      may be in several files; a column that is a task of another file only is
      left out. Pictures lie in the folder of the first.
    inputs: this and the following are as in `mtl_jax.data.frame`, of all
      columns of all files. Rows of a file without a column of weights have 1.
    weights: column of the weights of rows, or 'x=w,y=w2'.
    split: column of your own split.
    group: column of groups that no split may cut, in no file.
    drop: columns that are no inputs.
    kinds: kinds of columns, as in 'zip:category'.
    categories: 'auto', 'onehot' or 'embed'.
    impute: 'median' or 'mean'.
    parts: sizes of train, valid and test.
    max_len: words of text.
    vocab_size: size of the vocabulary of text.
    image_size: height and width of pictures.

  Returns:
    The data set; its `sources` are the tables.

  Raises:
    InputError: if a table cannot be read or trained on.
  """
  fields = {
    'inputs': inputs,
    'weights': weights,
    'split': split,
    'group': group,
    'drop': drop,
    'kinds': kinds,
    'categories': categories,
    'impute': impute,
    'parts': parts,
    'max_len': max_len,
    'vocab_size': vocab_size,
    'image_size': image_size,
  }
  return read(tables, fields)(split_seed)


def read(tables: Any, fields: dict[str, Any]) -> Several:
  """Reads tables, or returns what was read last from these files.

  Args:
    tables: as in `load`.
    fields: further fields of `load`.

  Raises:
    InputError: as in `load`.
  """
  tables = _checked(tables)
  stamps = tuple(
    (file.stat().st_mtime_ns, file.stat().st_size)
    for path, _ in tables
    for file in reading.files(path)
  )
  frozen = {k: _frozen(v) for k, v in fields.items() if k != 'labels'}
  return _read(tables, stamps, **frozen)


def _frozen(value: Any) -> Any:
  return tuple(value) if isinstance(value, list | tuple) else value


def _checked(tables: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
  """Raises `InputError` unless these are pairs of a file and task words."""
  pairs = isinstance(tables, list | tuple) and all(
    isinstance(p, list | tuple) and len(p) == 2 and isinstance(p[0], str)
    for p in tables
  )
  if not pairs or not tables:
    raise InputError(
      f'config.datasets.several.tables is {tables!r}; give pairs of a file and '
      "its tasks, such as (('a.csv', ('x:binary',)), ('b.csv', ('y:count',)))"
    )
  return tuple(
    (path, (own,) if isinstance(own, str) else tuple(own))
    for path, own in tables
  )


@functools.lru_cache(maxsize=1)
def _read(tables: tuple, stamps: tuple, **fields: Any) -> Several:
  # The stamps are in the key, so that a file that has changed is read again.
  del stamps
  frames = [reading.read(path) for path, _ in tables]
  columns = [
    _label_columns(path, own, frame)
    for (path, own), frame in zip(tables, frames, strict=True)
  ]
  every = {name for own in columns for name in own}
  tasks = tuple(dict.fromkeys(word for _, own in tables for word in own))
  asked = plan.Asked(tasks, **fields)
  weights = _weight_columns(asked.weights, frames)
  found = [
    _of_table(frame, every - own, weights)
    for frame, own in zip(frames, columns, strict=True)
  ]
  names = [pathlib.Path(path).name for path, _ in tables]
  return Several(found, asked, ' and '.join(names))


def _label_columns(path: str, tasks: tuple, frame: pd.DataFrame) -> set[str]:
  try:
    # Also checks the labels, so that a bad one is named by its file and row.
    outcomes = plan.of_labels(frame, plan.Asked(tasks)).outcomes
  except InputError as error:
    raise InputError(f'{path}: {error}') from error
  return {column for outcome in outcomes for column in outcome.columns}


def _weight_columns(word: str, frames: list[pd.DataFrame]) -> set[str]:
  """The columns of weights that some tables have."""
  named = {pair.rpartition('=')[2].strip() for pair in word.split(',')}
  return {name for name in named if any(name in frame for frame in frames)}


def _of_table(
  frame: pd.DataFrame, others: set[str], weights: set[str]
) -> pd.DataFrame:
  """Leaves out labels of other tables, and adds weights of 1."""
  own = frame.drop(columns=list(others & set(frame)))
  return own.assign(**dict.fromkeys(weights - set(own), 1.0))
