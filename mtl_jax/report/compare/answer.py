"""The answer of a table in a sentence, and what the table could have shown."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mtl_jax.report import many, power, stats
from mtl_jax.report.agreement import baseline
from mtl_jax.report.compare.deltas import primary
from mtl_jax.report.layout import two_digits
from mtl_jax.report.results import Cell

MOST = 6  # rows that are named by verdict


def sentence(cells: Sequence[Cell], frame: pd.DataFrame) -> str:
  """Returns the answer: verdicts on Delta_m, and the smallest one shown.

  Args:
    cells: of the table, ordered.
    frame: from `rows.rows`.
  """
  delta = _deltas(cells, frame)
  if delta.empty:
    return 'Answer: none, since nothing is compared with single.'
  if delta['p_value'].isna().all():
    return f'Answer: no verdict on Δm; {_tasks(frame)}.'
  margin = delta['margin'].iloc[0]
  parts = [
    *_shown(delta, stats.BETTER, margin),
    *_shown(delta, stats.WORSE, margin),
    *_alike(delta, margin),
    *_undecided(delta),
  ]
  return f'Answer{_counted(baseline(cells))}: {"; ".join(parts)}.'


def _counted(base: Cell) -> str:
  """The tasks that Delta_m counts, where these are not all."""
  names = [task.name for task in primary(base)]
  own = f' (Δm of {", ".join(names)} alone)'
  return own if len(names) < len(base.tasks) else ''


def could_show(cells: Sequence[Cell], frame: pd.DataFrame) -> list[str]:
  """Returns a line on how many seeds or rows would show the margin in Delta_m.

  Args:
    cells: of the table, ordered.
    frame: from `rows.rows`.
  """
  delta = _deltas(cells, frame).dropna(subset=['detectable'])
  if delta.empty or not delta['margin'].iloc[0] > 0:
    return []
  base, wanted = baseline(cells), float(delta['margin'].iloc[0])
  smallest = float(delta['detectable'].median())
  text = f'To show a Δm of {wanted:.3g} % with 80 % power in a typical row'
  if smallest <= wanted:
    return [f'{text}, the {base.repeats} here are enough.']
  level = stats.ALPHA / len(delta)
  std = power.typical(
    float(delta['diff_std'].median()), int(delta['n_seeds'].median())
  )
  seeds = power.seeds_needed(std, base.test_over_train, level, wanted)
  # What seeds on one split differ in is training, not rows.
  if base.header['split'] == 'fixed':
    takes = (
      f'about {seeds} seeds' if seeds else f'over {power.MOST_SEEDS:,} seeds'
    )
    return [f'{text} takes {takes}.']
  more = two_digits(power.rows_needed(smallest, wanted))
  rows = f'about {more} times the rows'
  if not seeds:
    return [f'{text} takes {rows}; no number of resplits would do.']
  return [f'{text} takes about {seeds} {base.repeats}, or {rows}.']


def _deltas(cells: Sequence[Cell], frame: pd.DataFrame) -> pd.DataFrame:
  """The rows of Delta_m of what is compared, by label."""
  rows = frame[frame['metric'] == 'delta_m'].set_index(['scheme', 'balancer'])
  labels = {(c.scheme, c.balancer): c.label for c in cells if not c.is_baseline}
  return rows.loc[list(labels)].set_axis(list(labels.values()))


def _shown(delta: pd.DataFrame, verdict: str, margin: float) -> list[str]:
  own = delta[delta['verdict'] == verdict]
  names = [
    f'{label} ({row["diff"]:+.2g} %'
    + (', inside the margin' * _inside(row, margin))
    + ')'
    for label, row in own.iterrows()
  ]
  names = many.some(names, MOST)
  return [f'{verdict} than single in Δm: {names}'] if names else []


def _inside(row: pd.Series, margin: float) -> bool:
  ends = np.abs([row['diff_ci_low'], row['diff_ci_high']])
  return bool((ends < margin).all())


def _alike(delta: pd.DataFrame, margin: float) -> list[str]:
  names = [*delta.index[delta['verdict'] == stats.EQUIVALENT]]
  listed = many.some(names, MOST)
  return [f'equivalent to within {margin:.3g} %: {listed}'] if names else []


def _undecided(delta: pd.DataFrame) -> list[str]:
  """The rest, and what would have been seen."""
  names = [*delta.index[delta['verdict'] == stats.UNDECIDED]]
  smallest = delta['detectable'].median()
  power_text = (
    f'{two_digits(smallest)} % would be shown with 80 % power'
    if np.isfinite(smallest)
    else 'one seed shows nothing'
  )
  if not names:
    return [power_text]
  everything = len(names) == len(delta) > 1
  listed = f'all {len(names)}' if everything else many.some(names, MOST)
  return [f'undecided: {listed} ({power_text})']


def _tasks(frame: pd.DataFrame) -> str:
  heads = frame.drop_duplicates(['scheme', 'balancer', 'task'])
  counts = heads[heads['task'] != 'ALL']['verdict'].value_counts()
  words = (stats.BETTER, stats.WORSE, stats.EQUIVALENT, stats.UNDECIDED)
  return 'of the tasks ' + ', '.join(f'{counts.get(w, 0)} {w}' for w in words)
