"""Figure of a claim: estimates with their intervals, a line per row."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mtl_jax.report import drawing

ROOM = 0.7  # of the height of a row, for the dots of several series


class Series(NamedTuple):
  """Dots of one colour.

  Attributes:
    name: in the legend; '' for none.
    points: (estimate, low, high) by row.
    filled: rows whose verdict is shown.
  """

  name: str
  points: Mapping[str, tuple[float, float, float]]
  filled: frozenset[str] = frozenset()


class Panel(NamedTuple):
  """Axes whose rows are those of the figure.

  Attributes:
    label: of the x axis, with the unit.
    series: drawn beside each other in each row.
    zero: no effect, where a line is drawn.
    margin: around `zero`, shaded; 0 for none.
    log: whether the axis is logarithmic.
  """

  label: str
  series: Sequence[Series]
  zero: float = 0.0
  margin: float = 0.0
  log: bool = False


def draw(
  rows: Sequence[str], panels: Sequence[Panel], path: pathlib.Path
) -> None:
  """Draws panels side by side, with the rows from top to bottom.

  Args:
    rows: their names.
    panels: left to right; the legend is that of the first.
    path: of the PNG.
  """
  most = max(len(panel.series) for panel in panels)
  height = 0.9 + len(rows) * max(0.25, 0.11 * most)
  figure = Figure((3.6 * len(panels) + 1.2, height), layout='constrained')
  grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
  for axes, panel in zip(grid, panels, strict=True):
    _panel(axes, rows, panel)
  grid[0].set_yticks(range(len(rows)), rows)
  grid[0].set_ylim(len(rows) - 0.4, -0.6)
  handles, labels = grid[0].get_legend_handles_labels()
  if labels:
    drawing.legend(figure, handles, labels)
  drawing.save(figure, path)


def _panel(axes: Axes, rows: Sequence[str], panel: Panel) -> None:
  axes.axvline(panel.zero, color=drawing.GREY, lw=0.8)
  if panel.margin:
    ends = panel.zero - panel.margin, panel.zero + panel.margin
    axes.axvspan(*ends, color=drawing.GREY, alpha=0.12, lw=0)
  count = len(panel.series)
  for i, series in enumerate(panel.series):
    shift = ROOM * ((i + 0.5) / count - 0.5)
    _dots(axes, rows, series, shift, drawing.line_style(i))
  if panel.log:
    axes.set_xscale('log')
    axes.xaxis.set_major_formatter('{x:g}')
  axes.set_xlabel(panel.label)
  drawing.tidy(axes)


def _dots(axes: Axes, rows, series: Series, shift: float, style) -> None:
  label = series.name or None
  for y, row in enumerate(rows):
    if row not in series.points:
      continue
    mean, low, high = series.points[row]
    line = style | {'linestyle': '', 'markersize': 4.5}
    fill = style['color'] if row in series.filled else 'white'
    at = y + shift
    axes.plot(
      [low, high], [at, at], color=style['color'], lw=1, solid_capstyle='butt'
    )
    axes.plot([mean], [at], **line, markerfacecolor=fill, label=label)
    label = None  # once in the legend
