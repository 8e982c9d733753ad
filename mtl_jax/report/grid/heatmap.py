"""The grid of schemes and balancers as a heat map."""

import pathlib
import textwrap

import pandas as pd
from matplotlib.figure import Figure

from mtl_jax.report import drawing, heatmap, stats
from mtl_jax.report.agreement import baseline
from mtl_jax.report.grid import two_way
from mtl_jax.report.grid.grid import Grid
from mtl_jax.report.heatmap import Entry

TITLE = (
  'Δm against single with balancer equal, mean ± half its 95 % interval over '
  '{n} seeds. Bold with ▲ better or ▼ worse: shown after correction; = '
  'equivalent; plain: undecided; hatched: not known, see grid.md'
)


def write(grid: Grid, path: pathlib.Path) -> None:
  """Writes the picture.

  Args:
    grid: what is drawn.
    path: of the PNG.
  """
  drawing.save(draw(grid), path)


def draw(grid: Grid) -> Figure:
  """Draws a field per pair; bold where a difference is shown."""
  shape = len(grid.schemes), len(grid.balancers)
  width, height = max(1.05 * shape[1], 3) + 2.2, 0.45 * shape[0] + 1.6
  figure = Figure((width, height), layout='constrained')
  axes = figure.subplots()
  # A pair with a reason is unknown.
  means = grid.frame['delta_m'].where(grid.frame['reason'] == '')
  image = heatmap.draw(axes, means.to_numpy(float).reshape(shape), _rows(grid))
  axes.set_xticks(range(shape[1]), grid.balancers, rotation=30, ha='right')
  axes.set_yticks(range(shape[0]), grid.schemes)
  n = len(baseline(grid.cells).setting)
  title = textwrap.fill(TITLE.format(n=n), int(13 * width))
  axes.set(xlabel='balancer', ylabel='scheme', title=title)
  drawing.tidy(axes)
  heatmap.bar(figure, image, axes, 'Δm, % (better ↑)')
  return figure


def _rows(grid: Grid) -> list[list[Entry]]:
  entries = [_entry(row) for _, row in grid.frame.iterrows()]
  n = len(grid.balancers)
  return [entries[i : i + n] for i in range(0, len(entries), n)]


def _entry(row: pd.Series) -> Entry:
  return Entry(
    two_way.entry(row), row['verdict'] in (stats.BETTER, stats.WORSE)
  )
