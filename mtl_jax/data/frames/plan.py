"""What is done with the columns of a table, decided before any training.

Kinds, categories and classes are those of the whole table, so that all splits
have arrays of the same shape. Everything that is measured on values (means,
which categories and words are known) a `recipe` fits on training rows alone.
"""

from typing import NamedTuple

import pandas as pd

from mtl_jax.data.frames import (
  encoding,
  kinds,
  pictures,
  splitting,
  targets,
  tasks,
  weighing,
)
from mtl_jax.data.frames.kinds import Column
from mtl_jax.data.frames.tasks import Outcome
from mtl_jax.errors import InputError, nearest

CATEGORIES = ('auto', 'onehot', 'embed')
IMPUTE = ('median', 'mean')


class Asked(NamedTuple):
  """What the user asks for; the fields are those of `data.frame`."""

  tasks: tuple[str, ...] = ()
  inputs: tuple[str, ...] = ()
  weights: str = ''
  split: str = ''
  group: str = ''
  drop: tuple[str, ...] = ()
  kinds: tuple[str, ...] = ()
  categories: str = 'auto'
  impute: str = 'median'
  parts: tuple[int, ...] = (3, 1, 1)
  max_len: int = 40
  vocab_size: int = 10_000
  image_size: int = 32


class Plan(NamedTuple):
  """What is done with the columns of one table.

  Attributes:
    asked: what the user asked for.
    columns: input columns, in the order of the table.
    outcomes: the tasks, with their classes.
    dropped: columns that are no inputs, with the reason.
    weights: column of the weights of each task, '' if it has none.
    channels: channels of pictures, 0 without any.
  """

  asked: Asked
  columns: tuple[Column, ...]
  outcomes: tuple[Outcome, ...]
  dropped: tuple[tuple[str, str], ...]
  weights: tuple[str, ...]
  channels: int = 0


def make(frame: pd.DataFrame, asked: Asked) -> Plan:
  """Makes the plan of a table.

  Args:
    frame: all rows; its columns have distinct names and its index counts them.
    asked: what the user asks for.

  Raises:
    InputError: if a column does not exist, a task or weight is not valid, or no
      input is left.
  """
  _check_options(frame, asked)
  outcomes, weights = _outcomes(frame, asked)
  columns, dropped = _columns(frame, asked, outcomes, weights)
  plan = Plan(asked, columns, outcomes, dropped, weights)
  return plan._replace(channels=_channels(frame, columns))


def of_labels(frame: pd.DataFrame, asked: Asked) -> Plan:
  """Makes the plan of a table of labels, whose inputs are arrays.

  Args:
    frame: labels, and columns of splits, groups and weights.
    asked: what the user asks for.

  Raises:
    InputError: as in `make`.
  """
  outcomes, weights = _outcomes(frame, asked)
  return Plan(asked, (), outcomes, (), weights)


def _outcomes(frame: pd.DataFrame, asked: Asked):
  outcomes = tasks.parse(asked.tasks, frame.columns)
  weights = weighing.parse(frame, asked.weights, outcomes)
  splitting.check(frame, asked.split, asked.group)
  outcomes = tuple(targets.completed(frame, o) for o in outcomes)
  tasks.check_names(outcomes)
  return outcomes, weights


def _check_options(frame: pd.DataFrame, asked: Asked) -> None:
  for name, words in (('categories', CATEGORIES), ('impute', IMPUTE)):
    value = getattr(asked, name)
    if value not in words:
      raise InputError(f'{name} is {value!r}; {nearest(str(value), words)}')
  for name in ('max_len', 'vocab_size', 'image_size'):
    if not getattr(asked, name) >= 1:
      raise InputError(
        f'{name} is {getattr(asked, name)}; it must be 1 or more'
      )
  parts = asked.parts
  if len(parts) != 3 or not all(type(p) is int and p > 0 for p in parts):
    raise InputError(
      f'parts is {parts!r}; it must be three whole numbers for training, '
      'validation and test, such as (3, 1, 1)'
    )
  for word in asked.kinds:
    if ':' not in word:
      raise InputError(
        f"kinds: {word!r} says no kind; write column:kind, as in 'zip:category'"
      )
  given = [word.rpartition(':')[0] for word in asked.kinds]
  named = {'inputs': asked.inputs, 'drop': asked.drop, 'kinds': given}
  named |= {'split': [asked.split], 'group': [asked.group]}
  for what, names in named.items():
    for name in filter(None, names):
      weighing.check_column(frame, name, what)


def _columns(frame, asked: Asked, outcomes, weights):
  """Returns the input columns, and those that are left out with the reason."""
  used = {name: 'label' for o in outcomes for name in o.columns}
  used |= {name: 'weights' for name in weights if name}
  used |= {
    n: w for n, w in ((asked.split, 'split'), (asked.group, 'group')) if n
  }
  for name in asked.inputs:
    if used.get(name) == 'label':
      raise InputError(f'inputs: {name!r} is the label of a task; name others')
  dropped = dict.fromkeys(asked.drop, 'asked for')
  if asked.inputs:
    dropped |= {n: 'not named' for n in frame if n not in asked.inputs}
  given = dict(word.rpartition(':')[::2] for word in asked.kinds)
  columns = []
  for name in frame.columns:
    if name in used or name in dropped:
      continue
    column = kinds.infer(frame[name], given.get(name, ''), asked.categories)
    if column.kind in kinds.DROPPED:
      dropped[name] = _reason(column, frame)
    else:
      columns.append(column)
      if column.kind in encoding.NUMERIC:
        encoding.raw(column, frame[name])  # a bad value is named by its row
  _check_inputs(columns, dropped)
  left = tuple((n, r) for n, r in dropped.items() if n not in used)
  return tuple(columns), left


def _reason(column: Column, frame: pd.DataFrame) -> str:
  if column.kind == 'empty':
    return 'it has no known value'
  if column.kind == 'constant':
    return f'all rows are {frame[column.name].iloc[0]}'
  return (
    f'it looks like an identifier ({column.distinct} values in {len(frame)} '
    f"rows); to use it, write kinds=('{column.name}:number',) or another kind"
  )


def _check_inputs(columns: list[Column], dropped: dict[str, str]) -> None:
  if not columns:
    # Columns that were not named say nothing about those that were.
    told = [(n, w) for n, w in dropped.items() if w != 'not named']
    said = '; '.join(f'{name}: {why}' for name, why in told[:3])
    raise InputError(
      f'no input column is left ({said or "the table has none"})'
    )
  found = [column.name for column in columns if column.kind == 'image']
  if len(found) > 1:
    raise InputError(
      f'columns {found} are pictures, and one can be read; drop the others'
    )


def _channels(frame: pd.DataFrame, columns: tuple[Column, ...]) -> int:
  for column in columns:
    if column.kind == 'image':
      folder = frame.attrs.get(pictures.FOLDER, '')
      return pictures.channels(frame[column.name], folder)
  return 0
