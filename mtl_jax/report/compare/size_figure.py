"""The figure of quality against cost."""

import pathlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from mtl_jax.report import drawing
from mtl_jax.report.agreement import ordered
from mtl_jax.report.layout import human, of_cells
from mtl_jax.report.results import Cell

# What a row costs: the column of the table, and the label of the axis.
COSTS = {'params': 'parameters', 'flops_per_step': 'FLOPs per training step'}


def quality_vs_parameters(
  cells: Sequence[Cell], frame: pd.DataFrame, path: pathlib.Path
) -> None:
  """Draws Delta_m with its interval against parameters and against FLOPs.

  Args:
    cells: of the table.
    frame: from `rows.rows`.
    path: of the PNG; an SVG stands beside it.
  """
  cells = ordered(cells)
  figure, grid = drawing.panels(len(COSTS), 5.2, 4.2, sharey=True)
  placed = [
    _panel(axes, cells, frame, cost)
    for axes, cost in zip(grid, COSTS, strict=True)
  ]
  grid[0].set_ylabel('Δm, % (better ↑)')
  # Names are placed when the limits of both panels are final.
  for axes, points in zip(grid, placed, strict=True):
    drawing.tidy(axes)
    drawing.name_points(axes, points)
  drawing.save(figure, path, vector=True)


def _panel(axes: Axes, cells: Sequence[Cell], frame, cost: str) -> list[tuple]:
  """Draws one panel; returns its points with their names and colours."""
  rows, points = of_cells(frame, cells), []
  for cell in cells:
    row = rows[cell.label].loc['ALL']
    # Nothing to place: the cost or Delta_m is not known.
    if not (row[cost] > 0 and np.isfinite(row['mean'])):
      continue
    style = drawing.style(cells, cell) | {'linestyle': 'none'}
    half = np.nan_to_num((row['ci_high'] - row['ci_low']) / 2)
    axes.errorbar(row[cost], row['mean'], half, capsize=2, **style)
    points.append((row[cost], row['mean'], cell.label, style['color']))
  axes.axhline(0, color='black', linewidth=0.8, zorder=0)
  _count_axis(axes, [point[0] for point in points])
  axes.set_xlabel(COSTS[cost])
  return points


def _count_axis(axes: Axes, counts: list[float]) -> None:
  axes.set_xscale('log')
  if not counts:
    return
  # Room on the right for the last name.
  low, high = min(counts), max(counts)
  spread = max(high / low, 1.5)
  axes.set_xlim(low / spread**0.08, high * spread**0.3)
  axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
  axes.xaxis.set_major_formatter(lambda value, _: human(value))
  # Ticks without a name take most of the time of this figure.
  axes.xaxis.set_minor_locator(NullLocator())
