"""Colours, panels and saving, which all figures have in common."""

import io
import math
import pathlib
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import Bbox

from mtl_jax.records import atomic
from mtl_jax.report.results import Cell

# Okabe and Ito's colours for the colour-blind, without their yellow, which
# vanishes on paper; black is reserved for the baseline.
COLOURS = ('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9')
MARKERS = 's^DvPX*<>hp'
LINES = ('--', '-.', ':', '-')
GREY = '#777777'
REFERENCE_STYLES = {'reference': ('d', (1, 1)), 'trees': ('v', (4, 1, 1, 1))}
DPI = 150
NAMED = 99  # rows that a legend names


def style(cells: Sequence[Cell], cell: Cell) -> dict[str, Any]:
  """Returns the colour, marker and line of a cell: the same in every figure.

  Args:
    cells: all cells of the table, in its order.
    cell: one of them.

  Returns:
    Keyword arguments for `Axes.plot`.
  """
  if cell.is_baseline:
    return {'color': 'black', 'marker': 'o', 'linestyle': '-'}
  if cell.is_reference:
    marker, dots = REFERENCE_STYLES[cell.scheme]
    return {'color': GREY, 'marker': marker, 'linestyle': (0, dots)}
  named = (c for c in cells if not c.is_reference and not c.is_baseline)
  return line_style([c.label for c in named].index(cell.label))


def line_style(i: int) -> dict[str, Any]:
  """Returns the colour, marker and line of the i-th of several curves."""
  return {
    'color': COLOURS[i % len(COLOURS)],
    'marker': MARKERS[i % len(MARKERS)],
    'linestyle': LINES[i % len(LINES)],
  }


def panels(
  count: int, width: float, height: float, **sharing
) -> tuple[Figure, list[Axes]]:
  """Makes a figure of equal panels, at most four in a row.

  Args:
    count: of panels.
    width: of a panel, in inches.
    height: of a panel, in inches.
    **sharing: arguments of `Figure.subplots`, such as `sharey`.

  Returns:
    The figure and its `count` axes, row by row.
  """
  columns = min(4, count)
  lines = math.ceil(count / columns)
  figure = Figure((width * columns + 1, height * lines), layout='constrained')
  grid = figure.subplots(lines, columns, squeeze=False, **sharing).ravel()
  for empty in grid[count:]:
    empty.remove()
  return figure, list(grid[:count])


def tidy(axes: Axes) -> None:
  """Sets small type and removes the box, so that the data stand out."""
  axes.spines[['top', 'right']].set_visible(False)
  axes.tick_params(labelsize=8)
  axes.title.set_fontsize(9)
  axes.xaxis.label.set_fontsize(8)
  axes.yaxis.label.set_fontsize(8)


def legend(figure: Figure, handles: list, labels: list[str]) -> None:
  """Adds a legend outside the panels, with a column for every 20 labels.

  Args:
    figure: to add it to.
    handles: lines or other artists.
    labels: one for each handle. Of more than `NAMED` the first are named: a
      legend of hundreds would leave the panels no room.
  """
  if len(labels) > NAMED:
    more = f'and {len(labels) - NAMED} more'
    handles = [*handles[:NAMED], Line2D([], [], linestyle='none')]
    labels = [*labels[:NAMED], more]
  figure.legend(
    handles,
    labels,
    loc='outside right upper',
    ncols=math.ceil(len(labels) / 20),
    fontsize=8,
    frameon=False,
  )


def name_points(
  axes: Axes, points: list[tuple[float, float, str, str]]
) -> None:
  """Writes names next to points, each moved up until it overlaps no other.

  Args:
    axes: whose limits are final.
    points: (x, y, name, colour) in data coordinates.
  """
  figure = axes.figure
  _lay_out(figure)  # Pixels are known afterwards.
  taken: list[Bbox] = []
  # From the bottom up, so that a name only has to avoid those already placed.
  for x, y, name, colour in sorted(points, key=lambda point: point[1]):
    at = axes.transData.transform((x, y))
    text = axes.annotate(
      name,
      (x, y),
      (7, 0),
      textcoords='offset points',
      fontsize=8,
      color=colour,
      va='bottom',
      annotation_clip=False,
    )
    # Otherwise the layout would shrink the axes and move the points.
    text.set_in_layout(False)
    box = text.get_window_extent()
    lift = _lift(box, taken)
    # The lift is in pixels, and offsets are in points of 1/72 inch.
    text.set_position((7, lift * 72 / figure.dpi))
    taken += [box.translated(0, lift), Bbox.from_bounds(*(at - 4), 8, 8)]


def _lift(box: Bbox, taken: Sequence[Bbox]) -> float:
  """The least even number of pixels that lifts a box free of all others."""
  if not taken:
    return 0.0
  left, low, right, high = np.array([other.extents for other in taken]).T
  beside = (left <= box.x1) & (box.x0 <= right)
  # Lifts from the first to the second number make it overlap one of them.
  spans = np.stack([low - box.y1, high - box.y0], 1)[beside]
  lift = 0.0
  for first, last in spans[spans[:, 0].argsort()]:
    if first <= lift <= last:
      lift = 2 * (last // 2) + 2
  return float(lift)


def better(higher_is_better: bool) -> str:
  """Returns the arrow that points to better values on the x-axis."""
  return 'better →' if higher_is_better else '← better'


def unit(kind: str, metric: str, own: str = '') -> str:
  """Returns the unit of a metric with a leading comma; '' if it has none.

  Args:
    kind: of the task, such as 'regression'.
    metric: its name.
    own: the label's own unit, see `units.of`. Without it labels may be
      standardised; the lines above the table say so.

  Returns:
    The end of an axis label.
  """
  if own:
    return f', {own}'
  in_labels = kind == 'regression' and metric in ('rmse', 'mae')
  return ', label units' if in_labels else ''


def save(figure: Figure, path: pathlib.Path, vector: bool = False) -> None:
  """Writes a PNG of `DPI` dots per inch, in one piece.

  Args:
    figure: whose layout is final afterwards.
    path: of the file.
    vector: whether to write an SVG beside it as well.
  """
  _lay_out(figure)
  buffer = io.BytesIO()
  figure.savefig(buffer, format='png', dpi=DPI)
  # A figure that a power failure has emptied is noticed and drawn again.
  atomic.write(path, buffer.getvalue(), lasting=False)
  if vector:
    path = path.with_suffix('.svg')
    atomic.write(path, _svg(figure, path.stem), lasting=False)


def _lay_out(figure: Figure) -> None:
  # Once: with an engine `savefig` draws all twice to have it laid out.
  if layout := figure.get_layout_engine():
    figure.dpi = DPI
    layout.execute(figure)
    figure.set_layout_engine(None)


def _svg(figure: Figure, name: str) -> str:
  # Text stays text; equal figures are equal files, whose ids are their own.
  look = {'svg.fonttype': 'none', 'svg.hashsalt': name}
  buffer = io.StringIO()
  with matplotlib.rc_context(look):
    figure.savefig(
      buffer, format='svg', transparent=True, metadata={'Date': None}
    )
  return buffer.getvalue()
