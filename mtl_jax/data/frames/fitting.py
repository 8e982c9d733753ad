"""Encodes all columns of rows, and the scale of their labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from mtl_jax.data.frames import encoding, pictures, targets, values
from mtl_jax.data.frames.encoding import NUMERIC, Fitted
from mtl_jax.data.frames.kinds import Column
from mtl_jax.data.frames.tasks import Outcome
from mtl_jax.errors import InputError, nearest

Scale = tuple[float, float, str]


def fit(plan, frame: pd.DataFrame) -> tuple[dict[str, Fitted], tuple[str, ...]]:
  """Fits all columns on training rows.

  Args:
    plan: what is done with the columns.
    frame: the training rows.

  Returns:
    What was fitted, by column, and the vocabulary of text.
  """
  asked = plan.asked
  fitted = {
    column.name: encoding.fit(column, frame[column.name], asked.impute)
    for column in plan.columns
  }
  text = _of(plan.columns, 'text')
  if not text:
    return fitted, ()
  lines = encoding.sentences(text, frame)
  found = encoding.vocabulary(lines, asked.max_len, asked.vocab_size)
  return fitted, tuple(found)


def encode(recipe, frame: Any, pictures: np.ndarray | None = None) -> Any:
  """Encodes rows; see `Recipe.inputs`."""
  if not isinstance(frame, pd.DataFrame):
    raise InputError(
      f'rows are a {type(frame).__name__}; give a data frame with the columns '
      f'{", ".join(recipe.columns)}'
    )
  frame = plain(frame)
  check_columns(frame, recipe.columns, 'rows')
  parts = {
    'numbers': _numbers(recipe, frame),
    'categories': _categories(recipe, frame),
    'text': _text(recipe, frame),
    'image': _pictures(recipe, frame) if pictures is None else pictures,
  }
  found = {name: part for name, part in parts.items() if part is not None}
  return found['numbers'] if [*found] == ['numbers'] else found


def plain(frame: pd.DataFrame) -> pd.DataFrame:
  """Names columns by text and rows by number."""
  named = frame.reset_index(drop=True)
  named.columns = [str(name) for name in frame.columns]
  named.attrs = dict(frame.attrs)
  return named


def check_columns(
  frame: pd.DataFrame, names: Sequence[str], where: str
) -> None:
  """Raises `InputError` if a column is missing or there are two of it."""
  present = [*map(str, frame.columns)]
  for name in names:
    if name not in frame.columns:
      raise InputError(f'{where}: no column {name!r}; {nearest(name, present)}')
    if present.count(name) > 1:
      raise InputError(f'{where}: two columns are called {name!r}; rename one')


def names(columns: Sequence[Column]) -> tuple[str, ...]:
  """Names of the columns of the numbers, in the order of `_numbers`."""
  found = [encoding.names(c) for c in _of(columns, *NUMERIC, 'category')]
  blank = [f'{column.name} missing' for column in _blank(columns)]
  return (*(name for own in found for name in own), *blank)


def _of(columns: Sequence[Column], *kinds: str) -> list[Column]:
  return [column for column in columns if column.kind in kinds]


def _blank(columns: Sequence[Column]) -> list[Column]:
  # An embedded category has the number 0 for missing values.
  return [c for c in _of(columns, 'text', 'image') if c.missing]


def _numbers(recipe, frame: pd.DataFrame) -> np.ndarray | None:
  parts = [
    encoding.numbers(column, recipe.fitted[column.name], frame[column.name])
    for column in _of(recipe.inputs_of, *NUMERIC, 'category')
  ]
  for column in _blank(recipe.inputs_of):
    blank = values.missing(frame[column.name])
    parts.append(blank.astype(np.float32)[:, None])
  return np.concatenate(parts, axis=1) if parts else None


def _categories(recipe, frame: pd.DataFrame) -> np.ndarray | None:
  parts = [
    encoding.categories(column, recipe.fitted[column.name], frame[column.name])
    for column in _of(recipe.inputs_of, 'embedded')
  ]
  return np.stack(parts, axis=1) if parts else None


def _text(recipe, frame: pd.DataFrame) -> np.ndarray | None:
  columns = _of(recipe.inputs_of, 'text')
  if not columns:
    return None
  lines = encoding.sentences(columns, frame)
  return encoding.word_numbers(lines, recipe.vocabulary, recipe.max_len)


def _pictures(recipe, frame: pd.DataFrame) -> np.ndarray | None:
  for column in _of(recipe.inputs_of, 'image'):
    folder = frame.attrs.get(pictures.FOLDER, '')
    size, channels = recipe.image_size, recipe.channels
    return pictures.read(frame[column.name], folder, size, channels)
  return None


def scale(frame: pd.DataFrame, outcome: Outcome) -> Scale | None:
  """Returns mean, standard deviation and unit of the known labels.

  Args:
    frame: the training rows.
    outcome: a task; None is returned for kinds other than regression.
  """
  if outcome.kind != 'regression':
    return None
  found, known = targets.encode(frame, outcome)
  own = found[known]
  if not len(own):
    return 0.0, 1.0, outcome.unit
  std = float(own.std()) if np.ptp(own) > 0 else 1.0
  return float(own.mean()), std, outcome.unit


def scaled(found: np.ndarray, known: np.ndarray, scale: Scale | None):
  """Standardises known labels `[N]`; missing ones are 0."""
  if scale is None:
    return found.astype(np.float32) if found.dtype == np.float64 else found
  mean, std, _ = scale
  return np.where(known, (found - mean) / std, 0).astype(np.float32)
