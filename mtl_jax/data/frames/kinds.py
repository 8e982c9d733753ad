"""Kinds of columns, inferred from the values of the whole table."""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from mtl_jax.data.frames import values
from mtl_jax.errors import InputError, nearest

INPUTS = ('number', 'yes/no', 'date', 'category', 'embedded', 'text', 'image')
DROPPED = ('empty', 'constant', 'id')
# What a user may write as the kind of a column.
CHOICES = INPUTS
LEVELS = 20  # categories up to which 'auto' makes one column of each
_FEW = 20  # rows below which distinct values are no sign of an identifier
_MIXED = 0.5  # share of numbers from which words among them are a mistake

_ID = re.compile(r'(^|[_\W])(id|index|uuid|guid|key|pidnum)$|^Unnamed', re.I)
# Numbers with separators, a currency or a percent sign: '1,234.50', '3,5 %'.
_NUMBER = re.compile(r'[-+]?[$€£]?\s?\d+([., ]\d{3})*([.,]\d+)?\s?[%€$£]?')
_IMAGE = re.compile(r'.*\.(png|jpe?g|bmp|gif|tiff?|webp)', re.I)


class Column(NamedTuple):
  """One column of a table.

  Attributes:
    name: its name.
    kind: one of `INPUTS` or `DROPPED`.
    missing: number of missing values in the table.
    distinct: number of distinct known values.
    levels: categories of the table, in order; of yes/no the word for no first.
      Which of them the training rows hold, a recipe knows.
    form: form of dates, see `values.form`.
  """

  name: str
  kind: str
  missing: int = 0
  distinct: int = 0
  levels: tuple[str, ...] = ()
  form: str = ''


def infer(
  series: pd.Series, kind: str = '', categories: str = 'auto'
) -> Column:
  """Infers the kind of a column.

  Args:
    series: all its values.
    kind: the kind that the user gives; '' infers it.
    categories: 'onehot' or 'embed'; 'auto' decides by their number.

  Returns:
    The `Column`.

  Raises:
    InputError: if the kind is unknown, the type cannot be used, types are
      mixed, or day and month of dates cannot be told apart.
  """
  name = str(series.name)
  if kind and kind not in CHOICES:
    raise InputError(
      f'kinds: column {name!r} has {kind!r}; {nearest(kind, CHOICES)}'
    )
  blank = values.missing(series)
  known = series[~blank]
  check_type(known)
  words = values.words(known) if values.is_text(known) else known
  distinct = len(pd.unique(words))
  found = kind or _kind(known, int(distinct), bool(blank.any()))
  column = Column(name, found, int(blank.sum()), int(distinct))
  return _completed(column, known, kind, categories)


def check_type(known: pd.Series) -> None:
  """Checks that a column may be an input, a label or a weight.

  Args:
    known: its known values.

  Raises:
    InputError: if they are no numbers, words or dates.
  """
  name = str(known.name)
  types = pd.api.types
  plain = types.is_numeric_dtype(known) and not types.is_complex_dtype(known)
  dated = types.is_datetime64_any_dtype(known)
  classed = isinstance(known.dtype, pd.CategoricalDtype)
  if not (plain or dated or classed or values.is_text(known)):
    raise InputError(
      f'column {name!r} has type {known.dtype}; give numbers, words or dates'
    )
  if types.is_object_dtype(known):
    for row, value in known.items():
      if isinstance(value, list | dict | tuple | set | bytes | np.ndarray):
        raise InputError(
          f'column {name!r}, row {row} is a {type(value).__name__}; give one '
          'number, word or date per row'
        )


def _kind(known: pd.Series, distinct: int, blanks: bool) -> str:
  if distinct == 0:
    return 'empty'
  # With blanks, one value is still an answer: given or not.
  if distinct == 1 and not blanks:
    return 'constant'
  if isinstance(known.dtype, pd.CategoricalDtype):
    return 'category'
  if pd.api.types.is_bool_dtype(known):
    return 'yes/no'
  if pd.api.types.is_datetime64_any_dtype(known):
    return 'date'
  numbers = values.floats(known)
  share = np.isfinite(numbers).mean()
  if share == 1 or not values.is_text(known):
    return _of_numbers(str(known.name), numbers)
  _check_mixed(known, numbers, share)
  return _of_words(known, distinct)


def _of_numbers(name: str, numbers: np.ndarray) -> str:
  if np.isin(numbers, (0, 1)).all():
    return 'yes/no'
  whole = (numbers == np.floor(numbers)).all()
  different = len(np.unique(numbers)) == len(numbers) >= _FEW
  if whole and different:
    steps = np.diff(numbers)
    # Numbers of rows, in any order, or numbers that a file is sorted by.
    dense = np.ptp(numbers) == len(numbers) - 1
    if _ID.search(name) or dense or (steps > 0).all():
      return 'id'
  return 'number'


def _check_mixed(known: pd.Series, numbers: np.ndarray, share: float) -> None:
  """Refuses numbers among which there is a word.

  Few numbers that are repeated, as in 0, 1, 2, '3+', are categories.
  """
  count = len(np.unique(numbers[np.isfinite(numbers)]))
  rows = int(share * len(numbers))
  if share < _MIXED or (count <= LEVELS and 2 * count <= rows):
    return
  bad = ~np.isfinite(numbers)
  row, value = known.index[bad][0], known[bad].iloc[0]
  raise InputError(
    f'column {known.name!r} holds numbers, and row {row} is {value!r}; correct '
    f"it, or leave it blank, or say kinds=('{known.name}:category',)"
  )


def _of_words(known: pd.Series, distinct: int) -> str:
  if values.form(known):
    return 'date'
  text = pd.Series(pd.unique(values.words(known))).astype(str)
  if text.str.fullmatch(_IMAGE).all():
    return 'image'
  if text.str.fullmatch(_NUMBER).mean() > 0.95:
    raise InputError(
      f'column {known.name!r} holds numbers such as {text[0]!r}; write them as '
      f"1234.5, or say kinds=('{known.name}:category',)"
    )
  lengths = text.str.split().str.len()
  long = lengths.mean() >= 4 and distinct > max(LEVELS, len(known) / 5)
  if long:
    return 'text'
  if len(known) >= _FEW and distinct > 0.9 * len(known):
    return 'id'
  return 'yes/no' if distinct == 2 else 'category'


def _completed(column: Column, known, chosen: str, categories: str) -> Column:
  """Adds levels of categories and the form of dates."""
  if column.kind == 'date' and values.is_text(known):
    return column._replace(form=values.form(known) or 'ISO8601')
  if column.kind not in ('yes/no', 'category', 'embedded'):
    return column
  levels = tuple(values.ordered(list(set(values.words(known).tolist()))))
  if isinstance(known.dtype, pd.CategoricalDtype):
    # The words of `values.words`, by which rows are encoded: 1.0 is '1'.
    own = values.words(pd.Series(known.cat.categories))
    levels = tuple(filter(None, dict.fromkeys(own.tolist())))
  if column.kind == 'yes/no' and len(levels) > 2:
    raise InputError(
      f'kinds: column {column.name!r} is yes/no and holds {len(levels)} values '
      f'({", ".join(levels[:4])}, ...); say category'
    )
  kind = column.kind
  if kind == 'category' and not chosen:
    many = len(levels) > LEVELS if categories == 'auto' else None
    kind = 'embedded' if many or categories == 'embed' else 'category'
  return column._replace(kind=kind, levels=levels)
