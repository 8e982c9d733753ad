"""Warnings where an input gives an outcome away, or is of little use."""

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from mtl_jax.data.frames import encoding, targets, tasks, values
from mtl_jax.data.frames.kinds import Column
from mtl_jax.data.frames.plan import Plan
from mtl_jax.data.frames.tasks import Outcome

ROWS = 20_000  # rows that are looked at
BINS = 50  # most groups into which numbers are cut
LEAST_OF_BIN = 8  # and rows of each
LEAST = 30  # known labels below which nothing is said
PERFECT = 0.98  # share of an outcome that one column explains
_RARE = 3  # mean rows per category below which it says little
_AFTER = re.compile(
  r'death|died|discharg|end|exit|follow|outcome|event|closed|paid', re.I
)


def of(frame: pd.DataFrame, plan: Plan) -> list[str]:
  """Returns one sentence for each doubt about an input.

  Args:
    frame: the table.
    plan: what is done with its columns.
  """
  # Every n-th row, because files are often sorted.
  some = frame.iloc[:: max(1, len(frame) // ROWS)].reset_index(drop=True)
  return [
    *_giveaways(some, plan),
    *_dates(some, plan),
    *_categories(len(frame), plan),
  ]


def _giveaways(frame: pd.DataFrame, plan: Plan) -> Iterator[str]:
  targets = [(o, *_target(frame, o)) for o in plan.outcomes]
  for column in plan.columns:
    if column.kind in ('text', 'image'):
      continue
    codes = groups(frame[column.name], column)
    for outcome, labels_of, known in targets:
      share = explained(codes[known], labels_of[known], outcome.kind)
      if share >= PERFECT:
        yield (
          f'column {column.name!r} alone explains {share:.0%} of '
          f'{outcome.name!r}: is it known before the outcome? else '
          f'drop=({column.name!r},)'
        )


def _target(frame: pd.DataFrame, outcome: Outcome):
  found, known = targets.encode(frame, outcome)
  return (found[:, 1] if outcome.kind == 'survival' else found), known


def groups(series: pd.Series, column: Column) -> np.ndarray:
  """Cuts a column into groups: categories, or ranges of numbers.

  Missing values are a group: a column that is blank exactly where an outcome
  did not happen gives it away too.
  """
  if column.kind not in encoding.NUMERIC:
    return pd.factorize(values.words(series))[0]
  numbers = encoding.raw(column, series)
  codes = np.full(len(numbers), -1)
  known = np.isfinite(numbers)
  if known.any():
    ranks = pd.Series(numbers[known]).rank(method='average').to_numpy()
    bins = max(1, min(BINS, known.sum() // LEAST_OF_BIN))
    codes[known] = (ranks - 1) * bins // known.sum()
  return codes + 1


def explained(codes: np.ndarray, found: np.ndarray, kind: str) -> float:
  """Returns the share of an outcome that groups explain, from 0 to 1.

  Each group predicts its mean, or its most frequent class, from half of the
  rows for the other half, so that many small groups explain nothing by chance.

  Args:
    codes: group of each row.
    found: known labels of the rows.
    kind: kind of the task.

  Returns:
    Of classes the share of the errors of the most frequent class that is
    avoided; of numbers the share of the variance.
  """
  half = np.arange(len(codes)) % 2 == 0
  fit, rest = (pd.Series(found[part]) for part in (half, ~half))
  if len(found) < LEAST or fit.nunique() < 2 or rest.nunique() < 2:
    return 0.0
  by = fit.groupby(codes[half])
  of_rest = pd.Series(codes[~half])
  if kind in tasks.CLASSES or kind == 'survival':
    guess = of_rest.map(_filled(by.agg(lambda own: own.mode()[0]), codes))
    usual = fit.mode()[0]
    errors = (guess.fillna(usual).to_numpy() != rest.to_numpy()).mean()
    chance = (rest != usual).mean()
    return float(1 - errors / chance) if chance else 0.0
  guess = of_rest.map(_filled(by.mean(), codes)).fillna(fit.mean())
  errors = np.square(guess.to_numpy() - rest.to_numpy()).mean()
  return float(1 - errors / rest.var(ddof=0))


def _filled(guess: pd.Series, codes: np.ndarray) -> pd.Series:
  """Gives a group that the fitted half lacks the guess of the one before."""
  return guess.reindex(np.arange(codes.max() + 1)).ffill()


def _dates(frame: pd.DataFrame, plan: Plan) -> Iterator[str]:
  """Doubts dates that follow all others, or whose name speaks of an end."""
  dates = [column for column in plan.columns if column.kind == 'date']
  days = {c.name: encoding.raw(c, frame[c.name]) for c in dates}
  named = [o.columns[0].lower() for o in plan.outcomes]
  for name, own in days.items():
    before = [other for other in days if _follows(own, days[other])]
    ends = _AFTER.search(name) or any(n in name.lower() for n in named)
    if before or ends:
      why = f'never comes before {before[0]!r}' if before else 'names an end'
      yield (
        f'column {name!r} is a date that {why}: if it comes after an outcome, '
        f'it gives the outcome away; drop=({name!r},)'
      )


def _follows(own: np.ndarray, other: np.ndarray) -> bool:
  gaps = (own - other)[np.isfinite(own) & np.isfinite(other)]
  return len(gaps) > 1 and bool((gaps >= 0).all() and (gaps > 0).any())


def _categories(rows: int, plan: Plan) -> Iterator[str]:
  for column in plan.columns:
    known = rows - column.missing
    if column.kind == 'embedded' and known < _RARE * len(column.levels):
      yield (
        f'column {column.name!r} has {len(column.levels)} categories, '
        f'{known / len(column.levels):.1f} rows each: they say little about '
        f'new rows; consider drop=({column.name!r},)'
      )
