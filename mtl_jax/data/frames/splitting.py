"""Splits a table: by the user's column, by groups, or stratified by task."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Integer

from mtl_jax.data import splits
from mtl_jax.data.frames import targets, tasks, values
from mtl_jax.data.frames.tasks import Outcome
from mtl_jax.errors import InputError, nearest

NAMES = ('train', 'valid', 'test')
WORDS = {
  'train': 0,
  'training': 0,
  'valid': 1,
  'validation': 1,
  'val': 1,
  'dev': 1,
  'test': 2,
  'testing': 2,
}


def check(frame: pd.DataFrame, split: str, group: str) -> None:
  """Checks the columns of splits and groups.

  Args:
    frame: the table.
    split: column of the user's own split, '' for none.
    group: column of groups that no split may cut, '' for none.

  Raises:
    InputError: if a word of the split is unknown, it lacks training or test
      rows, a row has no group, there are too few groups, or a group is in two
      splits.
  """
  if group:
    series = frame[group]
    remedy = 'give every row a group'
    rule = f'group: column {group!r} has a group in every row'
    values.refuse(values.missing(series), series, rule, remedy)
    if series.nunique() < 3:
      raise InputError(
        f'group: column {group!r} has {series.nunique()} groups; three splits '
        'need three or more'
      )
  if split:
    part = _user_parts(frame[split])
    if group:
      _check_groups(frame[group], part)


def _user_parts(series: pd.Series) -> Integer[np.ndarray, 'rows']:
  """Returns 0, 1 or 2 of each row: train, valid, test."""
  found = values.words(series)
  part = np.array([WORDS.get(word.lower(), -1) for word in found])
  bad = part < 0
  if bad.any():
    near = nearest(found[bad][0].lower(), WORDS)
    rule = f'split: column {series.name!r} says train, valid or test'
    values.refuse(bad, series, rule, near)
  for number in (0, 2):
    if not (part == number).any():
      raise InputError(
        f'split: column {series.name!r} has no row {NAMES[number]!r}; give some'
      )
  return part


def _check_groups(series: pd.Series, part: np.ndarray) -> None:
  codes = pd.factorize(series)[0]
  lowest = np.full(codes.max() + 1, 3)
  np.minimum.at(lowest, codes, part)
  cut = np.flatnonzero(part != lowest[codes])
  if len(cut):
    row = cut[0]
    first = np.flatnonzero((codes == codes[row]) & (part == lowest[codes[row]]))
    raise InputError(
      f'group {values.words(series)[row]} of column {series.name!r} is in two '
      f'splits: row {first[0]} is in {NAMES[part[first[0]]]}, row {row} in '
      f'{NAMES[part[row]]}; put all its rows into one'
    )


def rows(
  frame: pd.DataFrame,
  outcomes: Sequence[Outcome],
  split: str,
  group: str,
  parts: tuple[int, ...],
  seed: int | None,
) -> splits.Rows:
  """Splits the rows of a table.

  A split of the user's is the same for every seed; if it has no validation
  rows, the seed draws them from its training rows.

  Args:
    frame: the table, checked by `check`.
    outcomes: the tasks, by whose classes the split is stratified.
    split: column of the user's own split, '' for none.
    group: column of groups that no split may cut, '' for none.
    parts: relative sizes of train, valid and test.
    seed: seed of the split, or None for the fixed one.

  Returns:
    Row numbers of train, valid and test.
  """
  strata = _strata(frame, outcomes)
  if not split:
    return _drawn(frame, strata, group, parts, seed)
  part = _user_parts(frame[split])
  train, valid, test = (np.flatnonzero(part == i) for i in range(3))
  if not len(valid):
    own = frame.iloc[train]
    drawn = _drawn(own, strata[train], group, parts[:2], seed)
    train, valid = (train[row] for row in drawn)
  return train, valid, test


def _drawn(frame, strata, group: str, parts, seed) -> splits.Rows:
  if not group:
    codes = np.unique(strata, axis=0, return_inverse=True)[1].reshape(-1)
    return splits.stratified(codes, tuple(parts), seed)
  codes = pd.factorize(frame[group])[0]
  return splits.grouped(codes, tuple(parts), seed, _rarest(codes, strata))


def _rarest(codes: np.ndarray, strata: np.ndarray) -> np.ndarray:
  """Returns per row whether its group has a rare row, the first stratum.

  Finer strata would have a group or two each, and groups cannot be cut: their
  shares would be worse than without any.
  """
  sizes = np.bincount(strata[:, 0])
  rare = strata[:, 0] == np.argmin(np.where(sizes > 0, sizes, len(strata) + 1))
  of_group = np.zeros(codes.max() + 1, np.int64)
  np.maximum.at(of_group, codes, rare.astype(np.int64))
  return of_group[codes]


def _strata(
  frame: pd.DataFrame, outcomes: Sequence[Outcome]
) -> Integer[np.ndarray, 'rows tasks']:
  """Returns the class of each row in each task, the rarest task first.

  `splits.stratified` orders rows by stratum and deals them out in turn, so the
  first column has exact shares, the others nearly.
  """
  columns = [_classes(frame, outcome) for outcome in outcomes]
  columns.sort(key=lambda own: np.bincount(own)[np.unique(own)].min())
  return np.stack(columns, axis=1)


def _classes(frame, outcome: Outcome) -> Integer[np.ndarray, 'rows']:
  """Returns 0 where the label is missing, else its class from 1."""
  found, known = targets.encode(frame, outcome)
  if outcome.kind == 'survival':
    found = found[:, 1]
  elif outcome.kind not in tasks.CLASSES:
    found = np.zeros(len(found))
  return np.where(known, found.astype(np.int64) + 1, 0)


def of(frame: pd.DataFrame, plan, seed: int | None) -> splits.Rows:
  """Splits the rows of a table as its plan says; see `rows`."""
  asked = plan.asked
  own = asked.split, asked.group, asked.parts
  return rows(frame, plan.outcomes, *own, seed)
