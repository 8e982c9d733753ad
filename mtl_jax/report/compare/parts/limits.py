"""What a table could not have shown."""

from collections.abc import Sequence

import pandas as pd

from mtl_jax.report import many, stats
from mtl_jax.report.agreement import baseline, ordered
from mtl_jax.report.compare import answer
from mtl_jax.report.compare import hyperparameters as hps
from mtl_jax.report.layout import two_digits
from mtl_jax.report.results import Cell


def lines(cells: Sequence[Cell], frame: pd.DataFrame) -> list[str]:
  """Returns lines on power, on what undecided means, on splits and tuning.

  Args:
    cells: of the table.
    frame: from `rows.rows`.
  """
  cells = ordered(cells)
  base = baseline(cells)
  return [
    *_smallest(cells, frame),
    *answer.could_show(cells, frame),
    *_undecided(frame),
    *_scope(base),
    hps.tuning(cells),
  ]


def _smallest(cells: Sequence[Cell], frame: pd.DataFrame) -> list[str]:
  """The differences that would have been shown with 80 % power."""
  first = frame.drop_duplicates(['scheme', 'balancer', 'task'])
  known = first.dropna(subset=['detectable']).groupby('task')['detectable']
  median = known.median()
  if median.empty:
    return []
  parts = [f'Δm {two_digits(median["ALL"])} %'] if 'ALL' in median else []
  tasks = [t for t in cells[0].tasks if t.name in median]
  if not many.too_many(tasks):
    parts += [
      f'{t.name} {t.metrics[0][0]} {two_digits(median[t.name])}' for t in tasks
    ]
  return [
    'True differences smaller than these would mostly have been missed (80 % '
    f'power, median over rows): {", ".join(parts)}.'
  ]


def _undecided(frame: pd.DataFrame) -> list[str]:
  rows = frame[(frame['metric'] == 'delta_m') & (frame['verdict'] != '')]
  left = rows[rows['verdict'] == stats.UNDECIDED]
  if left.empty:
    return []
  return [
    f'Undecided ({len(left)} of {len(rows)} rows in Δm) means neither a '
    'difference nor equality was shown; it is no sign of equality.'
  ]


def _scope(base: Cell) -> list[str]:
  if base.header['split'] == 'fixed':
    return [
      'Seeds on one split show training noise only: whether other rows would '
      'give the same verdicts is not shown.'
    ]
  return []
