"""Counts the different splits that the seeds of a table have."""

import hashlib
from collections.abc import Sequence

import jax
import numpy as np

from mtl_jax.data.base import Data, Split
from mtl_jax.data.views import View

ONE = 'The rows do not change with the seed: this is one split.'


def splits(datas: Sequence[Data]) -> int:
  """Counts the data sets that differ in the rows of a split.

  Args:
    datas: one data set per seed, or one for all.

  Returns:
    1 if all have the same training, validation and test rows. The order of
    rows in a view, and which labels are known, do not count.
  """
  # Test splits are small: training rows are read only if some of them agree.
  if test_rows(datas) == len(datas):
    return len(datas)
  return len({tuple(map(rows, data.splits.values())) for data in datas})


def test_rows(datas: Sequence[Data]) -> int:
  """Counts the data sets that differ in their test rows."""
  return len({rows(data.test) for data in datas})


def rows(split: Split | View) -> bytes:
  """Returns a key of the rows of a split.

  Views of one table have equal keys if they have the same rows; other splits
  if their inputs and labels are equal.
  """
  if isinstance(split, View):
    # `views.joined` has made equal tables of several seeds the same object.
    number = str(id(split.table)).encode()
    return number + _digest([np.sort(split.rows)])
  return _digest(jax.tree.leaves((split.inputs, split.labels)))


def _digest(arrays: Sequence[np.ndarray]) -> bytes:
  digest = hashlib.blake2b()
  for array in arrays:
    digest.update(np.ascontiguousarray(array))
  return digest.digest()


def note(datas: Sequence[Data]) -> str:
  """Says what seeds share that one would take to differ between them.

  Args:
    datas: one data set per seed; they are meant to be different splits.

  Returns:
    One sentence, '' if all test splits differ.
  """
  count, tests = len(datas), test_rows(datas)
  if tests == count:
    return ''
  different = splits(datas)
  if different == 1:
    return ONE
  return (
    f'{count} seeds have {different} different splits and {tests} different '
    f'test {"split" if tests == 1 else "splits"}.'
  )
