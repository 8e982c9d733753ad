"""A sentence per row of the table: its verdict and the numbers behind it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from mtl_jax.report import many, stats
from mtl_jax.report.agreement import baseline, ordered
from mtl_jax.report.layout import human, of_cells, two_digits
from mtl_jax.report.results import Cell
from mtl_jax.report.web.sortable import SIGNS

MOST = 4  # tasks that a sentence names per verdict


class Sentence(NamedTuple):
  """A verdict, its sign, and a sentence that starts with the row's name."""

  verdict: str
  sign: str
  text: str


def of_rows(cells: Sequence[Cell], frame: pd.DataFrame) -> list[Sentence]:
  """Returns a sentence for each row but the baseline, the largest gain first.

  Args:
    cells: of the table.
    frame: from `rows.rows`.
  """
  cells = ordered(cells)
  base = baseline(cells)
  own = of_cells(frame, cells)
  shown = [cell for cell in cells if not cell.is_baseline]
  # Stable, and NaN last: rows without Delta_m stay in their order.
  gains = [-own[cell.label].loc['ALL', 'diff'] for cell in shown]
  order = np.argsort(np.array(gains, float), kind='stable')
  return [_sentence(shown[i], own[shown[i].label], base) for i in order]


def _sentence(cell: Cell, own: pd.DataFrame, base: Cell) -> Sentence:
  delta = own.loc['ALL']
  verdict = delta['verdict']
  parts = [f'{_compared(cell.label, delta)}', *_tasks(own, cell)]
  cost = _cost(cell, base)
  text = '; '.join(filter(None, [*parts, cost]))
  return Sentence(verdict, SIGNS[verdict], f'{text}.')


def _compared(label: str, delta: pd.Series) -> str:
  if not np.isfinite(delta['diff']):
    return f'{label} has no Δm'
  if pd.isna(delta['p_value']):
    return f'{label}: Δm {delta["diff"]:+.2g} %, of one seed, untested'
  words = {
    stats.BETTER: 'is better than single',
    stats.WORSE: 'is worse than single',
    stats.EQUIVALENT: f'is equivalent to single to within {_margin(delta)}',
    stats.UNDECIDED: 'is undecided against single',
  }
  interval = f'{delta["diff_ci_low"]:+.2g} to {delta["diff_ci_high"]:+.2g}'
  return (
    f'{label} {words[delta["verdict"]]}: Δm {delta["diff"]:+.2g} % '
    f'({interval}{_p_value(delta)})'
  )


def _margin(delta: pd.Series) -> str:
  return f'{delta["margin"]:.3g} %'


def _p_value(delta: pd.Series) -> str:
  """The p-value behind the verdict, corrected over the table."""
  equivalent = delta['verdict'] == stats.EQUIVALENT
  p_value = delta['p_equivalent_holm' if equivalent else 'p_holm']
  if not np.isfinite(p_value):
    return ''
  shown = '< 0.001' if p_value < 0.001 else f'= {p_value:.2g}'
  return f', corrected p {shown}'


def _tasks(own: pd.DataFrame, cell: Cell) -> list[str]:
  """The tasks by verdict, those of a difference with their numbers."""
  tasks = own.loc[[task.name for task in cell.tasks]]
  parts = []
  for verdict in (stats.BETTER, stats.WORSE, stats.EQUIVALENT):
    names = [
      _change(name, row) if verdict != stats.EQUIVALENT else name
      for name, row in tasks[tasks['verdict'] == verdict].iterrows()
    ]
    if names:
      parts.append(f'{verdict} on {many.some(names, MOST)}')
  rest = int((tasks['verdict'] == stats.UNDECIDED).sum())
  if rest:
    everything = 'all' if rest == len(tasks) else 'the other'
    noun = 'task' if rest == 1 else 'tasks'
    parts.append(f'undecided on {everything} {rest} {noun}')
  return parts


def _change(name: str, row: pd.Series) -> str:
  return (
    f'{name} ({row["metric"]} {row["diff"]:+.2g}, '
    f'{row["diff_ci_low"]:+.2g} to {row["diff_ci_high"]:+.2g})'
  )


def _cost(cell: Cell, base: Cell) -> str:
  parts = []
  for key, noun in (('params', 'parameters'), ('flops_per_step', 'FLOPs/step')):
    own, other = cell.cost.get(key), base.cost.get(key)
    if own and other:
      times = two_digits(own / other)
      parts.append(f"{human(own)} {noun} ({times} times single's)")
  return ', '.join(parts)
