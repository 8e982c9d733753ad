"""Tables under one another, whose rows have the labels of some tasks only."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mtl_jax.data.frames import dataset, plan
from mtl_jax.errors import InputError

if TYPE_CHECKING:
  from mtl_jax.data.base import Data


class Several(dataset.DataSet):
  """Tables under one another, whose training rows are sorted by table.

  Args:
    parts: the tables, with the labels of their own tasks alone.
    asked: what the user asks for, of all tables.
    source: where the rows come from, for the card.
  """

  def __init__(
    self, parts: Sequence[pd.DataFrame], asked: plan.Asked, source: str
  ):
    whole = pd.concat(parts, ignore_index=True)
    whole.attrs = dict(parts[0].attrs)
    super().__init__(whole, asked, 'several', source)
    self._table = np.repeat(np.arange(len(parts)), list(map(len, parts)))

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


def frames(
  tables: Sequence[tuple[pd.DataFrame, Sequence[str]]],
  names: Sequence[str] = (),
  **fields: Any,
) -> Several:
  """Makes a data set of several data frames, as `several.load` does of files.

  Args:
    tables: pairs of a data frame and its tasks.
    names: of the tables, for messages; () numbers them.
    **fields: further fields of `several.load`.

  Raises:
    InputError: as in `several.load`.
  """
  names = names or [f'table {number}' for number in range(len(tables))]
  columns = [
    _label_columns(name, tuple(own), frame)
    for name, (frame, own) in zip(names, tables, strict=True)
  ]
  every = {name for own in columns for name in own}
  tasks = tuple(dict.fromkeys(word for _, own in tables for word in own))
  asked = plan.Asked(tasks, **fields)
  parts = [frame for frame, _ in tables]
  weights = _weight_columns(asked.weights, parts)
  found = [
    _of_table(frame, every - own, weights)
    for frame, own in zip(parts, columns, strict=True)
  ]
  source = ' and '.join(pathlib.Path(name).name for name in names)
  return Several(found, asked, source)


def _label_columns(name: str, tasks: tuple, frame: pd.DataFrame) -> set[str]:
  try:
    # Also checks the labels, so that a bad one is named by its file and row.
    outcomes = plan.of_labels(frame, plan.Asked(tasks)).outcomes
  except InputError as error:
    raise InputError(f'{name}: {error}') from error
  return {column for outcome in outcomes for column in outcome.columns}


def _weight_columns(word: str, parts: list[pd.DataFrame]) -> set[str]:
  """The columns of weights that some tables have."""
  named = {pair.rpartition('=')[2].strip() for pair in word.split(',')}
  return {name for name in named if any(name in frame for frame in parts)}


def _of_table(
  frame: pd.DataFrame, others: set[str], weights: set[str]
) -> pd.DataFrame:
  """Leaves out labels of other tables, and adds weights of 1."""
  own = frame.drop(columns=list(others & set(frame)))
  return own.assign(**dict.fromkeys(weights - set(own), 1.0))
