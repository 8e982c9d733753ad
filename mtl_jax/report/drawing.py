"""What the pictures share: colours, panels and saving."""

import io
import math
import pathlib
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mtl_jax.report import atomic
from mtl_jax.report.cells import Cell

# Okabe and Ito's colours for the colour-blind, without their yellow, which
# vanishes on paper; black is kept for the baseline.
COLOURS = ('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9')
MARKERS = 'os^DvPX*<>hp'
LINES = ('-', '--', '-.', ':')
GREY = '#777777'


def style(cells: Sequence[Cell], cell: Cell) -> dict[str, Any]:
  """Colour, marker and line of a cell: the same in every picture."""
  if cell.is_baseline:
    return {'color': 'black', 'marker': 'o', 'linestyle': '-'}
  if cell.scheme == 'reference':
    return {'color': GREY, 'marker': '|', 'linestyle': (0, (1, 1))}
  others = [c.label for c in cells if not c.is_baseline]
  i = others.index(cell.label)
  return {
    'color': COLOURS[i % len(COLOURS)],
    'marker': MARKERS[i % len(MARKERS)],
    'linestyle': LINES[i % len(LINES)],
  }


def panels(
  count: int, width: float, height: float, **sharing
) -> tuple[Figure, list[Axes]]:
  """A figure of `count` panels of that size in inches, at most 4 in a row."""
  columns = min(4, count)
  lines = math.ceil(count / columns)
  figure = Figure((width * columns + 1, height * lines), layout='constrained')
  grid = figure.subplots(lines, columns, squeeze=False, **sharing).ravel()
  for empty in grid[count:]:
    empty.remove()
  return figure, list(grid[:count])


def tidy(axes: Axes) -> None:
  """Small type, no box: what is left is data."""
  axes.spines[['top', 'right']].set_visible(False)
  axes.tick_params(labelsize=8)
  axes.title.set_fontsize(9)
  axes.xaxis.label.set_fontsize(8)
  axes.yaxis.label.set_fontsize(8)


def legend(figure: Figure, handles: list, labels: list[str]) -> None:
  """A legend beside the panels, in more columns where there are many."""
  figure.legend(
    handles,
    labels,
    loc='outside right upper',
    ncols=math.ceil(len(labels) / 20),
    fontsize=8,
    frameon=False,
  )


def better(higher_is_better: bool) -> str:
  return 'better →' if higher_is_better else '← better'


def unit(kind: str, metric: str) -> str:
  """The unit a metric is given in, with a leading comma; '' where it has none.

  Labels may be standardised; the table's lines say what their unit is then.
  """
  in_labels = kind == 'regression' and metric in ('rmse', 'mae')
  return ', label units' if in_labels else ''


def save(figure: Figure, path: pathlib.Path) -> None:
  """Writes a PNG of 150 dots per inch."""
  buffer = io.BytesIO()
  figure.savefig(buffer, format='png', dpi=150)
  atomic.write(path, buffer.getvalue())
