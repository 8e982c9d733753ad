"""Inputs of Census-Income (KDD): numbers from 0 to 1, and coded categories.

Nothing is fitted on training rows, so that all splits share one table.
"""

from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from mtl_jax.data.raw.census import NUMBERS

# The largest values in the files. Dollars and cents have a long tail: of them
# the logarithm is taken.
LARGEST = {'age': 90, 'employer_size': 6, 'weeks_worked': 52}
LARGEST_LOG = float(np.log1p(99_999))


def joined(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
  """Returns the rows of two tables, with the categories of both.

  Args:
    first: as `census.read` returns it.
    second: the same.
  """
  columns = {}
  for name in first:
    parts = [first[name], second[name]]
    if name in NUMBERS:
      columns[name] = np.concatenate(parts)
    else:
      columns[name] = union_categoricals(parts, sort_categories=True)
  return pd.DataFrame(columns)


def encoded(table: pd.DataFrame, onehot: bool) -> Any:
  """Returns inputs of the columns of a table.

  Args:
    table: columns of `NUMBERS`, and others of categories.
    onehot: whether categories become columns of 0 and 1.

  Returns:
    A dict of `numbers` float32 and `categories` int32, from 1 on, since 0 is a
    category that is not in the files; or one float32 array.
  """
  names = [name for name in table if name not in NUMBERS]
  numbers = np.stack([_scaled(table[n]) for n in NUMBERS], axis=1)
  numbers = numbers.astype(np.float32)
  codes = np.stack([table[n].cat.codes for n in names], axis=1)
  codes = codes.astype(np.int32) + 1
  if onehot:
    return _onehot(numbers, codes)
  return {'numbers': numbers, 'categories': codes}


def _scaled(values: pd.Series) -> np.ndarray:
  if values.name in LARGEST:
    return values.to_numpy() / LARGEST[values.name]
  return np.log1p(values.to_numpy()) / LARGEST_LOG


def _onehot(numbers: np.ndarray, codes: np.ndarray) -> np.ndarray:
  levels, first = codes.max(axis=0), numbers.shape[1]
  whole = np.zeros((len(codes), first + levels.sum()), np.float32)
  whole[:, :first] = numbers
  begins = first + np.cumsum(levels) - levels
  np.put_along_axis(whole, begins + codes - 1, 1.0, axis=1)
  return whole
