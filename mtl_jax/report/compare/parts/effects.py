"""Differences to single by size: a panel of bars for Delta_m and each task.

All are gains, + is better, whichever way the metric points.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from mtl_jax.report import drawing, many
from mtl_jax.report.agreement import baseline, ordered
from mtl_jax.report.layout import of_cells, with_interval
from mtl_jax.report.results import Cell
from mtl_jax.report.web.sortable import SIGNS

MOST = 12  # gains, and as many losses, of single tasks among many


class Bar(NamedTuple):
  """One difference; `low`, `at` and `high` are % of the width, or None."""

  name: str
  verdict: str
  sign: str
  text: str
  at: float
  low: float | None
  high: float | None


class Panel(NamedTuple):
  """Bars around a zero in the middle, from -reach to reach.

  Attributes:
    name: of the task.
    unit: what is compared, with its unit.
    reach: half the width; intervals beyond it are cut.
    margin: of equivalence, in % of the width on both sides; 0 for none.
    bars: the largest gain first.
  """

  name: str
  unit: str
  reach: str
  margin: float
  bars: list[Bar]


def panels(cells: Sequence[Cell], frame: pd.DataFrame) -> list[Panel]:
  """Returns Delta_m and then the tasks, or the extremes of many tasks.

  Args:
    cells: of the table.
    frame: from `rows.rows`.
  """
  cells = ordered(cells)
  rows = of_cells(frame, cells)
  base = rows.pop(baseline(cells).label)
  tasks = cells[0].tasks
  found = [_panel('Δm', 'gain, %', _gains(rows, 'ALL'))]
  if many.too_many(tasks):
    found += _extremes(rows, base, [task.name for task in tasks])
  else:
    for task in tasks:
      metric = task.metrics[0][0]
      unit = f'{metric} gain{drawing.unit(task.kind, metric)}'
      found.append(_panel(task.name, unit, _gains(rows, task.name)))
  return [panel for panel in found if panel.bars]


def _gains(rows: dict[str, pd.DataFrame], task: str) -> pd.DataFrame:
  """By label: `gain`, `low`, `high`, `verdict` and `margin` of a task."""
  table = {}
  for label, own in rows.items():
    row = own.loc[task]
    sign = 1 if row['higher_is_better'] else -1
    ends = sorted(sign * row[f'diff_ci_{end}'] for end in ('low', 'high'))
    table[label] = (sign * row['diff'], *ends, row['verdict'], row['margin'])
  names = ['gain', 'low', 'high', 'verdict', 'margin']
  return pd.DataFrame.from_dict(table, orient='index', columns=names)


def _extremes(rows, base: pd.DataFrame, names: list[str]) -> list[Panel]:
  """The largest gains and losses among all rows and tasks, in %."""
  every = []
  for label, own in rows.items():
    gains = many.gains(own, base, names)
    every.append(gains.set_axis([f'{label}: {name}' for name in names]))
  if not every:
    return []
  table = pd.concat(every).dropna(subset='gain').assign(margin=np.nan)
  table = table.sort_values('gain', ascending=False)
  unit = 'gain, % of single'
  return [
    _panel('Most gained', unit, table[table['gain'] > 0].head(MOST)),
    _panel('Most lost', unit, table[table['gain'] < 0].tail(MOST)),
  ]


def _panel(name: str, unit: str, gains: pd.DataFrame) -> Panel:
  known = gains.dropna(subset='gain').sort_values(
    'gain', ascending=False, kind='stable'
  )
  reach = _reach(known)
  margin = known['margin'].min() if len(known) else np.nan
  bars = [_bar(label, row, reach) for label, row in known.iterrows()]
  width = 50 * min(margin / reach, 1) if np.isfinite(margin) else 0.0
  return Panel(name, unit, f'{reach:.2g}', round(width, 2), bars)


def _reach(gains: pd.DataFrame) -> float:
  """Holds all gains and most intervals: a wide one would hide the others."""
  ends = gains[['low', 'high']].abs().to_numpy(float).ravel()
  ends = ends[np.isfinite(ends)]
  wide = np.quantile(ends, 0.9) if ends.size else 0.0
  largest = gains['gain'].abs().max() if len(gains) else 0.0
  return 1.1 * max(wide, largest) or 1.0


def _bar(label: str, row: pd.Series, reach: float) -> Bar:
  low, at, high = (_place(row[k], reach) for k in ('low', 'gain', 'high'))
  text = with_interval(row['gain'], row['low'], row['high'], '+')
  verdict = row['verdict']
  return Bar(label, verdict, SIGNS[verdict], text, at, low, high)


def _place(value: float, reach: float) -> float | None:
  if not np.isfinite(value):
    return None
  return round(50 + 50 * float(np.clip(value / reach, -1.02, 1.02)), 2)
