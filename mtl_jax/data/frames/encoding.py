"""Encodes one column of a table, as it was fitted on training rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float32, Float64, Int32

from mtl_jax.data import text
from mtl_jax.data.frames import values
from mtl_jax.data.frames.kinds import Column

NUMERIC = ('number', 'yes/no', 'date')
Fitted = dict[str, Any]


def raw(column: Column, series: pd.Series) -> Float64[np.ndarray, 'rows']:
  """Returns numbers, days, or 0 and 1 of yes/no; NaN where missing.

  A word of yes/no that the table did not have counts as missing.

  Args:
    column: a column of one of the kinds `NUMERIC`.
    series: its values.

  Raises:
    InputError: if a value has another type; it names row and value.
  """
  if column.kind == 'number':
    return values.numbers(series, f'column {column.name!r}')
  if column.kind == 'date':
    return values.days(series, column.form)
  code = {word: float(i) for i, word in enumerate(column.levels)}
  found = values.words(series)
  numbers = np.array([code.get(word, np.nan) for word in found], np.float64)
  if np.isnan(numbers).all():  # words of another type than in training
    _refuse(column, found != '', series)
  return numbers


def _refuse(column: Column, bad: np.ndarray, series: pd.Series) -> None:
  shown = ', '.join(column.levels[:3])
  rule = f'column {column.name!r} holds values such as {shown}'
  values.refuse(bad, series, rule, 'write them as in training')


def fit(column: Column, series: pd.Series, impute: str) -> Fitted:
  """Fits a column on training rows.

  Args:
    column: the column.
    series: its values in the training rows.
    impute: 'median' or 'mean', which replaces missing numbers.

  Returns:
    Plain values: `fill`, `mean` and `std` of a number, or `seen`, the
    categories of these rows.
  """
  if column.kind not in NUMERIC:
    return {'seen': _seen(column, series)} if column.levels else {}
  known = raw(column, series)
  known = known[np.isfinite(known)]
  if not len(known):
    return {'fill': 0.0, 'mean': 0.0, 'std': 1.0}
  fill = np.median(known) if impute == 'median' else known.mean()
  # `ptp` is exactly 0 for a constant column, `std` may be a rounding error.
  std = known.std() if np.ptp(known) > 0 else 1.0
  return {'fill': float(fill), 'mean': float(known.mean()), 'std': float(std)}


def _seen(column: Column, series: pd.Series) -> list[str]:
  present = set(values.words(series).tolist())
  return [level for level in column.levels if level in present]


def numbers(
  column: Column, fitted: Fitted, series: pd.Series
) -> Float32[np.ndarray, 'rows width']:
  """Encodes a column as numbers.

  A number is standardised, missing ones filled before; a category has a column
  of its own, and one that no training row has is 0 in all of them. If the table
  had missing values, a last column is 1 where the value is missing.

  Args:
    column: a column of one of the kinds `NUMERIC`, or a category.
    fitted: as returned by `fit`.
    series: its values.
  """
  if column.kind in NUMERIC:
    found = raw(column, series)
    blank = np.isnan(found)
    filled = np.where(blank, fitted['fill'], found)
    parts = [((filled - fitted['mean']) / fitted['std'])[:, None]]
  else:
    codes = categories(column, fitted, series)
    blank = values.missing(series)
    parts = [codes[:, None] == np.arange(1, len(column.levels) + 1)]
  if column.missing:
    parts.append(blank[:, None])
  return np.concatenate(parts, axis=1).astype(np.float32)


def names(column: Column) -> list[str]:
  """Returns names of the columns that `numbers` makes."""
  own = [f'{column.name}={level}' for level in column.levels]
  shown = [column.name] if column.kind in NUMERIC else own
  return shown + ([f'{column.name} missing'] if column.missing else [])


def categories(
  column: Column, fitted: Fitted, series: pd.Series
) -> Int32[np.ndarray, 'rows']:
  """Encodes categories as numbers from 1.

  Category i of the table is i + 1; one that is missing, or that no training row
  has, is 0.
  """
  seen = set(fitted['seen'])
  # A number is no new category of words, but another type of column.
  if pd.api.types.is_numeric_dtype(series) and not _any_number(column.levels):
    _refuse(column, ~values.missing(series), series)
  code = {w: i for i, w in enumerate(column.levels, start=1) if w in seen}
  found = values.words(series)
  return np.array([code.get(word, 0) for word in found], np.int32)


def _any_number(levels: Sequence[str]) -> bool:
  return bool(np.isfinite(values.floats(pd.Series(levels, dtype=object))).any())


def sentences(columns: Sequence[Column], frame: pd.DataFrame) -> list[str]:
  """Joins the text columns of each row."""
  parts = [values.words(frame[column.name]) for column in columns]
  return [' '.join(filter(None, row)) for row in zip(*parts, strict=True)]


def vocabulary(lines: Sequence[str], max_len: int, size: int) -> list[str]:
  """Returns the most frequent words of training rows, most frequent first.

  Args:
    lines: text of the training rows.
    max_len: number of words to which a text is cut.
    size: of the vocabulary, with padding and the unknown word.
  """
  coded, found = text.encode(lines, max_len)
  if not found:
    return []
  entries = text.vocabulary(coded, np.arange(len(coded)), size)
  known = np.flatnonzero(entries >= text.FIRST_WORD)
  return [found[i - 1] for i in known[np.argsort(entries[known])]]


def word_numbers(
  lines: Sequence[str], vocabulary: Sequence[str], max_len: int
) -> Int32[np.ndarray, 'rows length']:
  """Encodes text: 0 is padding, 1 an unknown word, 2 the most frequent."""
  number = {w: i for i, w in enumerate(vocabulary, start=text.FIRST_WORD)}
  coded = np.zeros((len(lines), max_len), np.int32)
  for row, line in enumerate(lines):
    own = [number.get(w, text.UNKNOWN) for w in text.tokens(line)[:max_len]]
    coded[row, : len(own)] = own
  return coded
