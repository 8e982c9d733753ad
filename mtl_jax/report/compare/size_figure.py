"""The figure of quality and size."""

import pathlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter

from mtl_jax.report import drawing
from mtl_jax.report.agreement import ordered
from mtl_jax.report.layout import human, of_cell
from mtl_jax.report.results import Cell


def quality_vs_parameters(
  cells: Sequence[Cell], frame: pd.DataFrame, path: pathlib.Path
) -> None:
  """Draws Delta_m with its interval against the number of parameters.

  Args:
    cells: of the table.
    frame: from `rows.rows`.
    path: of the PNG.
  """
  cells = ordered(cells)
  figure, (axes,) = drawing.panels(1, 6.5, 4.5)
  points = []
  for cell in cells:
    row = of_cell(frame, cell).loc['ALL']
    # Nothing to place: the costs or Delta_m are not known.
    if not (row['params'] > 0 and np.isfinite(row['mean'])):
      continue
    style = drawing.style(cells, cell) | {'linestyle': 'none'}
    half = np.nan_to_num((row['ci_high'] - row['ci_low']) / 2)
    axes.errorbar(row['params'], row['mean'], half, capsize=2, **style)
    points.append((row['params'], row['mean'], cell.label, style['color']))
  axes.axhline(0, color='black', linewidth=0.8, zorder=0)
  _count_axis(axes, [point[0] for point in points])
  axes.set(xlabel='parameters', ylabel='Δm, % (better ↑)')
  drawing.tidy(axes)
  drawing.name_points(axes, points)
  drawing.save(figure, path)


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
  axes.xaxis.set_minor_formatter(NullFormatter())
