"""The grid as a heat map."""

import pathlib
import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mtl_jax.report import drawing
from mtl_jax.report.agreement import baseline
from mtl_jax.report.grid import two_way
from mtl_jax.report.grid.grid import Grid

# ColorBrewer's, red to blue through white: safe for the colour-blind.
COLOURS = 'RdBu'
TITLE = (
  'Δm against single with balancer equal, mean ± half its 95 % interval over '
  '{n} seeds. Bold with ▲ better or ▼ worse: shown after correction; plain: no '
  'difference shown; hatched: not known, see grid.md'
)


def write(grid: Grid, path: pathlib.Path) -> None:
  """Writes the picture."""
  drawing.save(draw(grid), path)


def draw(grid: Grid) -> Figure:
  """A field per pair; what no difference is shown for is not bold."""
  lines, columns = len(grid.schemes), len(grid.balancers)
  width, height = max(1.05 * columns, 3) + 2.2, 0.45 * lines + 1.6
  figure = Figure((width, height), layout='constrained')
  axes = figure.subplots()
  means = grid.frame['delta_m'].to_numpy(float).reshape(lines, columns)
  # Without any difference the scale still needs two ends.
  limit = max(np.abs(means[np.isfinite(means)]).max(initial=0), 1e-3)
  image = axes.imshow(means, COLOURS, aspect='auto', vmin=-limit, vmax=limit)
  for place, (_, row) in enumerate(grid.frame.iterrows()):
    _field(axes, *divmod(place, columns), row, limit)
  axes.set_xticks(range(columns), grid.balancers, rotation=30, ha='right')
  axes.set_yticks(range(lines), grid.schemes)
  n = len(baseline(grid.cells).setting)
  title = textwrap.fill(TITLE.format(n=n), int(13 * width))
  axes.set(xlabel='balancer', ylabel='scheme', title=title)
  drawing.tidy(axes)
  bar = figure.colorbar(image, ax=axes)
  bar.set_label('Δm, % (better ↑)', fontsize=8)
  bar.ax.tick_params(labelsize=8)
  return figure


def _field(axes: Axes, y: int, x: int, row: pd.Series, limit: float) -> None:
  if row['reason']:
    corner = x - 0.5, y - 0.5
    look = {'facecolor': '#eeeeee', 'edgecolor': drawing.GREY, 'linewidth': 0}
    axes.add_patch(Rectangle(corner, 1, 1, hatch='///', **look))
    return
  shown = row['verdict'] in ('better', 'worse')
  # The ends of the scale are dark.
  dark = abs(row['delta_m']) > 0.65 * limit
  axes.text(
    x,
    y,
    two_way.entry(row),
    ha='center',
    va='center',
    fontsize=8,
    color='white' if dark else 'black',
    fontweight='bold' if shown else 'normal',
  )
