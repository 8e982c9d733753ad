"""Text alternatives of figures: what they show, with numbers."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mtl_jax.report import drawing, many, stats
from mtl_jax.report.agreement import baseline, ordered
from mtl_jax.report.compare import paired_curves, readings, size_figure
from mtl_jax.report.layout import human, of_cells
from mtl_jax.report.results import Cell, Reading

MOST = 8  # numbers of one task or reading


def texts(cells: Sequence[Cell], frame: pd.DataFrame) -> dict[str, str]:
  """Returns the text alternative of each figure by its name.

  Args:
    cells: of the table.
    frame: from `rows.rows`.
  """
  cells = ordered(cells)
  return {
    'differences': _differences(cells, frame),
    'curve_differences': _curve_differences(cells),
    'curves': _curves(cells),
    'quality_vs_parameters': _quality(cells, frame),
    **{
      readings.name(cell): _readings(cell)
      for cell in cells
      if readings.logged(cell)
    },
  }


def _differences(cells: Sequence[Cell], frame: pd.DataFrame) -> str:
  rows, parts = of_cells(frame, cells), []
  for cell in cells:
    if cell.is_baseline:
      continue
    verdicts = rows[cell.label].drop('ALL')['verdict'].value_counts()
    words = (stats.BETTER, stats.WORSE, stats.EQUIVALENT, stats.UNDECIDED)
    counted = ', '.join(f'{verdicts.get(w, 0)} {w}' for w in words)
    parts.append(f'{cell.label} {counted}')
  return f'Differences to single over tasks: {"; ".join(parts)}.'


def _curve_differences(cells: Sequence[Cell]) -> str:
  parts = []
  for panel in paired_curves.panels(cells, drawing.unit, most=1):
    ends = {k: (c.middle[-1], c.low[-1], c.high[-1]) for k, c in _last(panel)}
    named = [
      f'{label} {mid:+.2g} ({low:+.2g} to {high:+.2g})'
      for label, (mid, low, high) in ends.items()
    ]
    if named:
      own = many.some(named, MOST)
      parts.append(f'{panel.name}, {panel.quantity}: {own}')
  shown = '; '.join(parts) or 'no scheme has a curve'
  return (
    'Validation gain over single at the same seed by training step, at the '
    f'last step, with its interval: {shown}.'
  )


def _last(panel: paired_curves.Panel):
  """The curves, the largest effect at the last step first."""
  return sorted(panel.curves.items(), key=lambda item: -abs(item[1].middle[-1]))


def _curves(cells: Sequence[Cell]) -> str:
  metrics = many.by_metric(baseline(cells).tasks)
  parts = []
  for (metric, higher), tasks in metrics.items():
    arrow = 'higher' if higher else 'lower'
    named = [
      f'{cell.label} {value:.3g}'
      for cell in cells
      if np.isfinite(value := _at_last_step(cell, tasks, metric))
    ]
    parts.append(
      f'{metric} ({arrow} is better), mean over {len(tasks)} '
      f'task{"s" * (len(tasks) > 1)}: {many.some(named, MOST)}'
    )
  return f'Validation curves; at the last step {"; ".join(parts)}.'


def _at_last_step(cell: Cell, tasks, metric: str) -> float:
  values = [
    value
    for run in cell.completed
    for task in tasks
    if run.curve
    and (value := run.curve[-1].valid[task.name].get(metric)) is not None
  ]
  return float(np.mean(values)) if values else np.nan


def _quality(cells: Sequence[Cell], frame: pd.DataFrame) -> str:
  rows, points = of_cells(frame, cells), []
  for cell in cells:
    row = rows[cell.label].loc['ALL']
    if not np.isfinite(row['mean']):
      continue
    cost = ', '.join(
      f'{human(row[key])} {name}'
      for key, name in size_figure.COSTS.items()
      if row[key] > 0
    )
    points.append(f'{cell.label} {row["mean"]:+.2g} % at {cost or "no cost"}')
  return f'Δm against cost: {"; ".join(points) or "no row has a Δm"}.'


def _readings(cell: Cell) -> str:
  logged = readings.logged(cell)
  own = [f'{one.name} {_means(cell, one)}' for one in logged]
  return (
    f'What {cell.label} logged, means over the runs at the last evaluation: '
    f'{many.some(own, MOST)}.'
  )


def _means(cell: Cell, reading: Reading) -> str:
  found = [
    run.curve[-1].readings[reading]
    for run in cell.completed
    if run.curve and reading in run.curve[-1].readings
  ]
  if not found:
    return 'not known'
  means = np.ravel(np.mean(found, axis=0))
  shown = [f'{value:.3g}' for value in means]
  return f'({many.some(shown, MOST)})' if len(shown) > 1 else shown[0]
