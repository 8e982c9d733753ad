"""The second table of a comparison: more columns, each explained above it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mtl_jax.report.agreement import baseline
from mtl_jax.report.compare import deltas
from mtl_jax.report.layout import Table, human, of_cells, with_interval
from mtl_jax.report.results import Cell

LINES = {
  'Δm over chance': (
    'Δm over metrics less their value by chance (an AUC of .6 is .1 above '
    "chance; an RMSE is held against that of the best constant), with Δm's "
    'test and no verdict.'
  ),
  'Δm without a task': (
    'the span of Δm with each task left out in turn; the tasks that are left '
    'out at its ends are in table.csv.'
  ),
  'worst task': 'the task with the lowest mean change over single, in %.',
  'harmed': (
    'tasks whose mean change is below -{margin:.3g} %, and in brackets how '
    'many of all tasks are shown worse.'
  ),
  'rank': (
    "mean rank in the tasks' headlines among the trained rows, over tasks and "
    'seeds; 1 is best.'
  ),
  'FLOPs/row': 'floating-point operations of predicting all tasks of a row.',
  'memory': 'peak memory of one device, in bytes.',
  'steps to single': (
    'the first evaluation at which the validation headlines are on average no '
    'worse than those that single kept at the same seed; median over seeds, – '
    'where fewer than half reach it.'
  ),
  's to single': 'these steps in seconds of all runs of the row together.',
  'test/train loss': (
    'loss on test over loss in training (mean over the steps before the '
    'evaluation that was kept); geometric mean over tasks and seeds.'
  ),
  'draws': 'settings of hyperparameters that were tried.',
}
WHOLE = 'Δm, one checkpoint'
WHOLE_LINE = (
  'Δm of the same trainings with one checkpoint for the whole model instead '
  'of one per task.'
)


def lines(cells: Sequence[Cell], frame: pd.DataFrame) -> list[str]:
  """Returns a line per column of `table`."""
  margin = frame[frame['metric'] == 'delta_m']['margin'].iloc[0]
  texts = LINES | ({WHOLE: WHOLE_LINE} if _has_whole(frame) else {})
  same = deltas.over_chance(baseline(cells), baseline(cells))[1]
  kept = f' Unchanged, as their chance is not known: {", ".join(same)}.'
  texts['Δm over chance'] += kept if same else ''
  return [f'{k}: {text.format(margin=margin)}' for k, text in texts.items()]


def table(cells: Sequence[Cell], frame: pd.DataFrame) -> Table:
  """Returns the columns that have no room on a terminal, a row per cell."""
  whole = _has_whole(frame)
  header = ['scheme', *LINES, *([WHOLE] * whole)]
  rows, body = of_cells(frame, cells), []
  for cell in cells:
    row = rows[cell.label].loc['ALL']
    end = [_change(row, 'delta_m_model')] * whole
    body.append([cell.label, *_entries(row), *end])
  return Table(header, body)


def _entries(row: pd.Series) -> list[str]:
  names = ('predict_flops', 'peak_memory', 'steps_to_single')
  middle = [human(row[name]) for name in (*names, 'seconds_to_single')]
  return [
    _change(row, 'delta_m_chance'),
    _span(row),
    worst(row),
    _harmed(row),
    _number(row['mean_rank'], '.2f'),
    *middle,
    _number(row['test_train_loss'], '.2f'),
    _number(row['draws'], '.0f'),
  ]


def worst(row: pd.Series) -> str:
  """Formats the worst task and its change, such as `offtrt -3.4`."""
  if not np.isfinite(row['worst_change']):
    return '–'
  return f'{row["worst_task"]} {row["worst_change"]:+.2g}'


def _change(row: pd.Series, name: str) -> str:
  ends = (row[f'{name}{end}'] for end in ('', '_low', '_high'))
  return with_interval(*ends, '+')


def _span(row: pd.Series) -> str:
  low, high = (row[f'delta_m_without_{end}'] for end in ('low', 'high'))
  return f'{low:+.2g} to {high:+.2g}' if np.isfinite(low) else '–'


def _harmed(row: pd.Series) -> str:
  if not np.isfinite(row['harmed']):
    return '–'
  return f'{row["harmed"]:.0f} ({row["harmed_shown"]:.0f})'


def _number(value: float, digits: str) -> str:
  return f'{value:{digits}}' if np.isfinite(value) else '–'


def _has_whole(frame: pd.DataFrame) -> bool:
  return bool(frame['delta_m_model'].notna().any())
