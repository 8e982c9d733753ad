"""Columns with the weights of rows."""

import numpy as np
import pandas as pd
from jaxtyping import Float32

from mtl_jax.data.frames import kinds, values
from mtl_jax.data.frames.tasks import Outcome
from mtl_jax.errors import InputError, nearest


def check_column(frame: pd.DataFrame, name: str, what: str) -> None:
  """Raises `InputError` with the nearest name if a column does not exist."""
  if name not in frame.columns:
    raise InputError(
      f'{what}: no column {name!r}; {nearest(name, map(str, frame.columns))}'
    )


def parse(
  frame: pd.DataFrame, word: str, outcomes: tuple[Outcome, ...]
) -> tuple[str, ...]:
  """Parses 'w', the weights of all tasks, or 'outcome=w,score=w2'.

  Args:
    frame: the table.
    word: what the user wrote, '' for no weights.
    outcomes: the tasks.

  Returns:
    The column of the weights of each task, '' if it has none.

  Raises:
    InputError: if a task or column does not exist, or a weight is negative or
      missing.
  """
  names = [outcome.name for outcome in outcomes]
  if '=' not in word or word in frame.columns:
    of_task = dict.fromkeys(names, word.strip())
  else:
    pairs = [pair.partition('=')[::2] for pair in word.split(',')]
    of_task = {task.strip(): column.strip() for task, column in pairs}
  for task in of_task:
    if task not in names:
      raise InputError(f'weights: no task {task!r}; {nearest(task, names)}')
  for task, column in of_task.items():
    if word and not column:
      raise InputError(
        f"weights: task {task!r} has no column; write '{task}=COLUMN'"
      )
  check(frame, tuple(of_task.values()))
  return tuple(of_task.get(name, '') for name in names)


def check(frame: pd.DataFrame, columns: tuple[str, ...]) -> None:
  """Raises `InputError` if a column is missing or a weight is not valid."""
  for column in dict.fromkeys(filter(None, columns)):
    check_column(frame, column, 'weights')
    _check_weights(frame[column])


def of(
  frame: pd.DataFrame, columns: tuple[str, ...]
) -> Float32[np.ndarray, 'rows tasks'] | None:
  """Returns the weights of labels; None if no task has a column of them.

  Args:
    frame: the rows.
    columns: column of the weights of each task, '' for weights of 1.
  """
  if not any(columns):
    return None
  ones = np.ones(len(frame))
  own = [values.floats(frame[n]) if n else ones for n in columns]
  return np.stack(own, axis=1).astype(np.float32)


def _check_weights(series: pd.Series) -> None:
  kinds.check_type(series.dropna())
  found = values.floats(series)
  rule = f'weights: column {series.name!r} holds finite numbers, 0 or more'
  remedy = 'give the row 0 to leave it out'
  values.refuse(~(np.isfinite(found) & (found >= 0)), series, rule, remedy)
