"""A matrix of numbers as colours, with its entries written into the cells."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from mtl_jax.report import drawing

# ColorBrewer's red to blue through white, which colour-blind readers can tell
# apart.
DIVERGING = 'RdBu'
# Beyond this share of the scale the colours are dark, and text on them white.
DARK = 0.65


class Entry(NamedTuple):
  """The text of one matrix cell.

  Attributes:
    text: what is written; unused where the value is unknown.
    bold: whether a difference is shown.
    hatched: whether an unknown value is hatched; otherwise it is plain grey.
  """

  text: str
  bold: bool = False
  hatched: bool = True


def limit(values: np.ndarray, smallest: float = 1e-3) -> float:
  """The end of a colour scale that is symmetric about 0.

  Args:
    values: of any shape; NaN is unknown.
    smallest: the least end, since a scale needs two ends even where all values
      are 0.

  Returns:
    The largest finite modulus, or `smallest` if that is larger.
  """
  return max(np.abs(values[np.isfinite(values)]).max(initial=0), smallest)


def draw(
  axes: Axes, values: np.ndarray, entries: Sequence[Sequence[Entry]]
) -> AxesImage:
  """Draws a matrix in diverging colours, symmetric about 0.

  Args:
    axes: to draw on.
    values: `[rows, columns]`; NaN is unknown.
    entries: the texts, in the same order.

  Returns:
    The image, for a colour bar.
  """
  end = limit(values)
  image = axes.imshow(values, DIVERGING, aspect='auto', vmin=-end, vmax=end)
  for (y, x), value in np.ndenumerate(values):
    if np.isfinite(value):
      _write(axes, y, x, entries[y][x], bool(abs(value) > DARK * end))
    else:
      _blank(axes, y, x, entries[y][x].hatched)
  return image


def bar(figure: Figure, image: AxesImage, axes: Axes, label: str) -> Colorbar:
  """Adds a colour bar with a label.

  Args:
    figure: that holds `axes`.
    image: whose colours it explains.
    axes: next to which it is placed.
    label: the quantity and its unit.

  Returns:
    The colour bar.
  """
  colours = figure.colorbar(image, ax=axes)
  colours.set_label(label, fontsize=8)
  colours.ax.tick_params(labelsize=8)
  return colours


def _write(axes: Axes, y: int, x: int, entry: Entry, dark: bool) -> None:
  axes.text(
    x,
    y,
    entry.text,
    ha='center',
    va='center',
    fontsize=8,
    color='white' if dark else 'black',
    fontweight='bold' if entry.bold else 'normal',
  )


def _blank(axes: Axes, y: int, x: int, hatched: bool) -> None:
  style = {'facecolor': '#eeeeee', 'edgecolor': drawing.GREY, 'linewidth': 0}
  hatch = {'hatch': '///'} if hatched else {}
  axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, **style, **hatch))
