"""The figure of learning curves as paired differences, a lane per scheme."""

import pathlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from mtl_jax.report import drawing
from mtl_jax.report.compare import paired_curves
from mtl_jax.report.compare.paired_curves import Curve, Panel
from mtl_jax.report.results import Cell

REACH = 0.45  # of a lane, above and below its middle
EDGE, MIDDLE = '#dddddd', '#999999'


def curve_differences(
  cells: Sequence[Cell], frame: pd.DataFrame, path: pathlib.Path
) -> None:
  """Draws a panel per task, in which each scheme has a lane of its own.

  Bands of several schemes in one place would hide each other.

  Args:
    cells: of the table.
    frame: unused; all figures take the same arguments.
    path: of the PNG; an SVG stands beside it.
  """
  del frame
  shown = paired_curves.compared(cells)
  found = paired_curves.panels(cells, drawing.unit)
  height = 0.36 * max(len(shown), 2) + 1.0
  figure, grid = drawing.panels(len(found), 2.6, height, sharey=True)
  for axes, panel in zip(grid, found, strict=True):
    _panel(axes, panel, cells, shown)
  # On the left of each row, see `drawing.panels`.
  grid[0].set_yticks(range(len(shown)), [cell.label for cell in shown])
  grid[0].set_ylim(max(len(shown), 1) - 0.5, -0.5)
  drawing.save(figure, path, vector=True)


def scale(panel: Panel) -> float:
  """Returns half the span of a lane: what most late values and bands fit in.

  The first half of the steps may lie outside, and so may wide intervals.
  """
  means, ends = [0.0], [0.0]
  for curve in panel.curves.values():
    late = curve.steps >= 0.5 * curve.steps[-1]
    means.append(np.nanmax(np.abs(curve.middle[late]), initial=0.0))
    ends += [*np.abs([curve.low[late], curve.high[late]]).ravel()]
  finite = np.array(ends)[np.isfinite(ends)]
  size = max(max(means), float(np.quantile(finite, 0.9)))
  return float(f'{1.1 * size:.2g}') or 1.0


def _panel(axes: Axes, panel: Panel, cells, shown: list[Cell]) -> None:
  size = scale(panel)
  for i, cell in enumerate(shown):
    if cell.label in panel.curves:
      colour = drawing.style(cells, cell)['color']
      _lane(axes, i, panel.curves[cell.label], size, colour)
  lanes = np.arange(len(shown))
  axes.hlines(lanes, 0, 1, MIDDLE, linewidth=0.6, transform=_across(axes))
  axes.hlines(
    lanes[1:] - 0.5, 0, 1, EDGE, linewidth=0.6, transform=_across(axes)
  )
  for y, sign in ((-REACH, '+'), (REACH, '−')):
    axes.text(
      *(1.01, y, f'{sign}{size:g}'),
      transform=_across(axes),
      fontsize=7,
      va='center',
    )
  axes.set_title(f'{panel.name}: {panel.quantity}')
  axes.set_xlabel('training step')
  axes.locator_params(axis='x', nbins=4)
  drawing.tidy(axes)


def _across(axes: Axes):
  """x from 0 to 1 over the panel, y in lanes."""
  return axes.get_yaxis_transform()


def _lane(axes: Axes, i: int, curve: Curve, size: float, colour: str) -> None:
  # The y-axis points down, so that the first scheme stands on top.
  middle, low, high = (
    i - REACH * np.clip(values / size, -1, 1)
    for values in (curve.middle, curve.low, curve.high)
  )
  band = {'color': colour, 'alpha': 0.25, 'linewidth': 0}
  axes.fill_between(curve.steps, low, high, **band)
  axes.plot(curve.steps, middle, color=colour, linewidth=1.3)
