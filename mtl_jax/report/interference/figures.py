"""Figures of how tasks interfere: matrices, over training, in depth."""

import pathlib
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mtl_jax.report import drawing, heatmap, layout
from mtl_jax.report.interference import findings
from mtl_jax.report.interference.pairs import Interference
from mtl_jax.report.interference.probe_records import FEATURES, TOTAL

MARKS = {'agree': '▲', 'helps': '▲', 'conflict': '▼', 'hurts': '▼'}
MOST = 8  # tasks with an entry in every field


class Map(NamedTuple):
  """A panel with a matrix of tasks.

  Attributes:
    measure: that is drawn.
    title: of the panel.
    colours: name of the colour map.
    ends: of the scale; None for one that is symmetric about 0.
    module: whose measures they are.
    scale: factor from the measure to what is drawn.
  """

  measure: str
  title: str
  colours: str
  ends: tuple[float, float] | None
  module: str = TOTAL
  scale: float = 1.0


# ColorBrewer's, white where neither conflict nor agreement is: safe for the
# colour-blind, and conflict is red in all of them.
MAPS = (
  Map(
    'corrected_cosine', 'corrected cosine of gradients', heatmap.DIVERGING, None
  ),
  Map('conflict', 'conflict rate, share of batches', 'RdBu_r', (0, 1)),
  Map('magnitude_similarity', 'magnitude similarity', 'Greens', (0, 1)),
  Map(
    'tag',
    "TAG: % of j's loss by a step on i",
    heatmap.DIVERGING,
    None,
    scale=100.0,
  ),
)
SINGLE = Map(
  'cka_single', "CKA: i's features, j's single", 'Greens', (0, 1), FEATURES
)
BETWEEN = Map('cka', "CKA of tasks' features", 'Greens', (0, 1), FEATURES)


def write(result: Interference, folder: pathlib.Path) -> None:
  """Writes the three figures.

  Args:
    result: what was measured.
    folder: for the PNGs.
  """
  for name, draw in {
    'interference': matrices,
    'conflict_over_training': over_training,
    'conflict_depth': depth,
  }.items():
    drawing.save(draw(result), folder / f'{name}.png')


def matrices(result: Interference) -> Figure:
  """Draws matrices of tasks x tasks, a panel per measure."""
  # Similarity to single's features if there is any, else between tasks.
  last = [m for m in (SINGLE, BETWEEN) if len(result.of(m.measure, m.module))]
  shown = [*MAPS, *last[:1]]
  side = max(2.6, 0.62 * min(len(result.names), 2 * MOST) + 1.0)
  figure = Figure((3 * (side + 0.9), 2 * side + 0.6), layout='constrained')
  grid = figure.subplots(2, 3).ravel()
  for axes, one in zip(grid, shown, strict=False):
    _matrix(axes, result, one)
  for empty in grid[len(shown) :]:
    empty.remove()
  figure.suptitle(
    f'{result.cell.label}: mean over probes and seeds, ± half its 95 % '
    'interval over seeds.\nBold with ▲ agree or help, ▼ conflict or hurt: '
    'shown after correction; only the corrected cosine and TAG are tested',
    fontsize=9,
  )
  return figure


def _matrix(axes: Axes, result: Interference, one: Map) -> None:
  rows, names = result.of(one.measure, one.module), result.names
  means = np.full((len(names), len(names)), np.nan)
  for (i, j), row in rows.iterrows():
    means[names.index(i), names.index(j)] = one.scale * row['mean']
  limit = heatmap.limit(means, smallest=1e-9)
  low, high = one.ends or (-limit, limit)
  image = axes.imshow(means, one.colours, vmin=low, vmax=high)
  for (i, j), row in rows.iterrows():
    # Positions are (x, y), that is (j, i).
    place, middle = (names.index(j), names.index(i)), (low + high) / 2
    way = (means[place[::-1]] - middle) / (high - middle)
    # 'Greens' is dark at its upper end, a diverging map at both.
    dark = bool(
      way > 0.3 if one.colours == 'Greens' else abs(way) > heatmap.DARK
    )
    if len(names) <= MOST:
      _entry(axes, place, row, one.scale, dark)
  axes.set_xticks(range(len(names)), names, rotation=30, ha='right')
  axes.set_yticks(range(len(names)), names)
  axes.set(xlabel='task j', ylabel='task i', title=one.title)
  drawing.tidy(axes)
  axes.figure.colorbar(image, ax=axes, shrink=0.75).ax.tick_params(labelsize=7)


def _entry(axes: Axes, place, row: pd.Series, scale: float, dark: bool) -> None:
  ends = (scale * row[name] for name in ('mean', 'ci_low', 'ci_high'))
  text = layout.with_interval(*ends).replace(' ±', '\n±')
  mark = MARKS.get(row['verdict'], '')
  axes.text(
    *place,
    f'{mark} {text}' if mark else text,
    ha='center',
    va='center',
    fontsize=7,
    color='white' if dark else 'black',
    fontweight='bold' if mark else 'normal',
  )


def over_training(result: Interference) -> Figure:
  """Draws conflict rate and cosine by step: all pairs, and the two extremes."""
  figure = Figure((8.5, 3.2), layout='constrained')
  grid = figure.subplots(1, 2)
  pairs = {'mean over pairs': None, **findings.ends(result)}
  panels = {'conflict': 'conflict rate, share of batches', 'cosine': 'cosine'}
  for axes, (measure, label) in zip(grid, panels.items(), strict=True):
    # The expected value for gradients of independent noise.
    neutral = 0.5 if measure == 'conflict' else 0
    axes.axhline(neutral, color=drawing.GREY, linewidth=0.8)
    for i, (name, pair) in enumerate(pairs.items()):
      curve = findings.curve(result, measure, pair)
      _line(axes, i, name, curve)
    axes.set(xlabel='training step', ylabel=label)
    drawing.tidy(axes)
  grid[0].set_ylim(-0.03, 1.03)
  figure.suptitle(
    f'{result.cell.label}: on single batches, mean and 95 % interval over '
    'seeds; grey: the value for independent noise',
    fontsize=9,
  )
  figure.legend(
    *grid[0].get_legend_handles_labels(),
    loc='outside lower center',
    ncols=len(pairs),
    fontsize=8,
    frameon=False,
  )
  return figure


def _line(axes: Axes, i: int, name: str, curve: pd.DataFrame) -> None:
  """The mean over pairs is black; its extremes have colours."""
  own = {'color': 'black', 'marker': 'o', 'linestyle': '-'}
  line = drawing.line_style(2 - i) if i else own
  every = max(1, len(curve) // 8)
  style = {'markevery': every, 'markersize': 3.5, 'linewidth': 1.3, **line}
  axes.plot(curve.index, curve['mean'], label=name, **style)
  axes.fill_between(
    curve.index,
    curve['low'],
    curve['high'],
    color=line['color'],
    alpha=0.15,
    linewidth=0,
  )


def depth(result: Interference) -> Figure:
  """Draws the conflict rate: modules in order of depth x training steps."""
  table = findings.by_module(result)
  height = 0.34 * len(table) + 1.5
  figure = Figure((7.5, max(height, 2.2)), layout='constrained')
  axes = figure.subplots()
  values = table.to_numpy()
  image = axes.imshow(values, 'RdBu_r', aspect='auto', vmin=0, vmax=1)
  every = max(1, len(table.columns) // 10)
  # About ten labels, however many probes there are.
  places = range(0, len(table.columns), every)
  axes.set_xticks(places, table.columns[::every])
  axes.set_yticks(range(len(table)), table.index)
  axes.set(
    xlabel='training step',
    ylabel='module, inputs on top',
    title=f'{result.cell.label}: conflict rate, mean over pairs and seeds',
  )
  drawing.tidy(axes)
  bar = figure.colorbar(image, ax=axes)
  bar.set_label('share of batches\n(independent noise: 0.5)', fontsize=8)
  bar.ax.tick_params(labelsize=8)
  return figure
