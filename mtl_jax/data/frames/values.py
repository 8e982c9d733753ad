"""Reads one column of a data frame as numbers, as words or as dates."""

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float64

from mtl_jax.errors import InputError

# Pairs of words for no and yes, in this order.
PAIRS = (
  *(('no', 'yes'), ('n', 'y'), ('false', 'true'), ('f', 't')),
  *(('negative', 'positive'), ('absent', 'present'), ('0', '1')),
)
_YEAR_FIRST = r'\d{4}-\d{1,2}-\d{1,2}([T ].*)?'
_YEAR_LAST = r'(\d{1,2})[/.](\d{1,2})[/.](\d{4})'


def missing(series: pd.Series) -> Bool[np.ndarray, 'rows']:
  """Returns where a value is missing: null, NaN or a blank word."""
  blank = series.isna().to_numpy(bool)
  return blank | (words(series) == '') if is_text(series) else blank


def is_text(series: pd.Series) -> bool:
  """Returns whether a column may hold text, by its type."""
  types = pd.api.types
  return types.is_object_dtype(series) or types.is_string_dtype(series)


def floats(series: pd.Series) -> Float64[np.ndarray, 'rows']:
  """Returns the values as numbers; NaN where missing or no number."""
  if isinstance(series.dtype, pd.CategoricalDtype):
    series = series.astype(object)
  if pd.api.types.is_datetime64_any_dtype(series):  # as numbers: nanoseconds
    return np.full(len(series), np.nan)
  found = pd.to_numeric(series, errors='coerce')
  return found.to_numpy(np.float64, na_value=np.nan)


def words(series: pd.Series) -> np.ndarray:
  """Returns the values as words `[N]`, '' where missing.

  A whole number is the same word whatever its type: 3, 3.0 and '3' are '3', for
  a column of integers becomes one of floats when a value is missing.
  """
  # Each different value is converted once. Among objects of several types,
  # 1 and True would count as one value.
  if is_text(series) and pd.api.types.infer_dtype(series) != 'string':
    blank = series.isna().to_numpy(bool)
    found = np.array([_word(value) for value in series.tolist()], object)
    return np.where(blank, '', found)
  codes, levels = pd.factorize(series)
  return np.array([*map(_word, levels.tolist()), ''], object)[codes]


def _word(value) -> str:
  if isinstance(value, float) and value.is_integer():
    return str(int(value))
  return str(value).strip()


def ordered(levels: list[str]) -> list[str]:
  """Sorts words: numbers by size, no before yes, others by the alphabet."""
  pair = tuple(sorted(levels, key=str.lower))
  if tuple(word.lower() for word in pair) in PAIRS:
    return list(pair)
  try:
    return sorted(levels, key=float)
  except ValueError:
    return sorted(levels)


def numbers(series: pd.Series, where: str) -> Float64[np.ndarray, 'rows']:
  """Returns the values as numbers, NaN where missing.

  Args:
    series: the column.
    where: its name, for the message.

  Raises:
    InputError: if a value is no number, or infinite; it names row and value.
  """
  found = floats(series)
  with np.errstate(over='ignore'):  # inputs and labels become float32
    finite = np.isfinite(found.astype(np.float32))
  refuse(
    ~missing(series) & ~finite,
    series,
    f'{where} holds numbers',
    'correct it, or leave it blank if it is not known',
  )
  return found


def refuse(bad: np.ndarray, series: pd.Series, rule: str, remedy: str) -> None:
  """Raises `InputError` that names the first row where `bad` is True.

  Args:
    bad: bool `[N]`.
    series: the values.
    rule: what the value breaks.
    remedy: what to do.
  """
  if bad.any():
    row = int(np.argmax(bad))
    value = series.iloc[row]
    value = value.item() if isinstance(value, np.generic) else value
    raise InputError(
      f'{rule}, and row {row} (of rows 0 to {len(series) - 1}) is {value!r}; '
      f'{remedy}'
    )


def form(series: pd.Series) -> str:
  """Returns the form of dates: '' if the values are no dates.

  Args:
    series: a column of words.

  Returns:
    'ISO8601', or a format of `strptime` with the day or the month first.

  Raises:
    InputError: if day and month cannot be told apart.
  """
  found = pd.unique(words(series))
  known = pd.Series(found[found != '']).astype(str)
  if known.str.fullmatch(_YEAR_FIRST).mean() > 0.95:
    return 'ISO8601'
  parts = known.str.extract(_YEAR_LAST)
  if parts[0].notna().mean() <= 0.95:
    return ''
  largest = [pd.to_numeric(parts[i]).max() for i in (0, 1)]
  if (largest[0] > 12) == (largest[1] > 12):
    both = largest[0] > 12
    raise InputError(
      f'column {series.name!r}: {"some" if both else "all"} dates such as '
      f'{known.iloc[0]!r} do not tell day from month; write 2024-12-31'
    )
  mark = '/' if '/' in known.iloc[0] else '.'
  return mark.join(
    ('%d', '%m', '%Y') if largest[0] > 12 else ('%m', '%d', '%Y')
  )


def days(series: pd.Series, form: str) -> Float64[np.ndarray, 'rows']:
  """Returns dates as days since 1970-01-01, NaN where missing.

  Args:
    series: words in this form, or values of a date type.
    form: as returned by `form`; '' for values of a date type.

  Raises:
    InputError: if a value is no date; it names row and value.
  """
  blank = missing(series)
  if not pd.api.types.is_datetime64_any_dtype(series):
    text = pd.Series(words(series), index=series.index).where(~blank, None)
    found = pd.to_datetime(text, errors='coerce', format=form or None, utc=True)
  else:
    found = pd.to_datetime(series, utc=True)
  bad = ~blank & found.isna().to_numpy()
  remedy = 'write it as 2024-12-31, or leave it blank if it is not known'
  refuse(bad, series, f'column {series.name!r} holds dates', remedy)
  since = found - pd.Timestamp(0, tz='UTC')
  return since.dt.total_seconds().to_numpy(np.float64) / 86400
