"""The two figures of the synthetic experiment, like those of the paper."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from benchmarks.mmoe_synthetic.runs import MODELS
from mtl_jax.report import drawing

UNIT = 'mean of two tasks,\nlabel standard deviations squared'


def curves(frame: pd.DataFrame) -> Figure:
  """Draws validation losses over steps: means and 95 % intervals.

  The upper row has losses, the lower row differences to Shared-Bottom, with a
  column for each p. `frame` is curves.csv.
  """
  parts = list(frame.groupby('p'))
  figure = Figure((3.1 * len(parts) + 1, 6), layout='constrained')
  above, below = figure.subplots(
    2, len(parts), sharex=True, sharey='row', squeeze=False
  )
  for (p, own), top, bottom in zip(parts, above, below, strict=True):
    for i, model in enumerate(MODELS):
      line = own[own.model == model]
      _line(top, i, line.step, line[['mean', 'low', 'high']])
      # The difference of Shared-Bottom to itself is the line at 0 instead.
      if model != 'hard':
        less = line[['less_mean', 'less_low', 'less_high']]
        _line(bottom, i, line.step, less)
    bottom.axhline(0, **_ink(0), linestyle=drawing.line_style(0)['linestyle'])
    top.set(title=f'p = {p:g}')
    bottom.set(xlabel='training steps')
    _logarithmic(top)
    for axes in (top, bottom):
      _quiet(axes)
  below[0].set_ylim(*_range(frame))
  above[0].set_ylabel(f'validation loss, {UNIT}')
  below[0].set_ylabel('less Shared-Bottom in the same draw')
  drawing.legend(figure, *above[0].get_legend_handles_labels())
  return figure


def _line(axes: Axes, i: int, steps: pd.Series, band: pd.DataFrame) -> None:
  """A model's mean with its interval."""
  mean, low, high = (band[name] for name in band)
  look = drawing.line_style(i)
  # Markers start at another step for each model, so that none hides another.
  axes.plot(
    steps, mean, label=list(MODELS.values())[i], linewidth=1.2, markersize=4,
    markevery=(i, max(1, len(steps) // 6)), **look,
  )  # fmt: skip
  axes.fill_between(steps, low, high, color=look['color'], alpha=0.15, lw=0)


def _range(frame: pd.DataFrame) -> tuple[float, float]:
  """Limits for differences after the first tenth of steps, which is larger."""
  late = frame[(frame.step > frame.step.max() / 10) & (frame.model != 'hard')]
  low, high = min(late.less_low.min(), 0), max(late.less_high.max(), 0)
  room = 0.08 * (high - low) or 1
  return low - room, high + room


def distributions(frame: pd.DataFrame) -> Figure:
  """Draws the test losses with quartiles and whiskers from 5 to 95 %.

  `frame` has a `loss` for each model, p and draw; see `tables.per_draw`.
  """
  parts = list(frame.groupby('p'))
  figure, panels = drawing.panels(len(parts), 3.1, 3.2, sharey=True)
  for axes, (p, own) in zip(panels, parts, strict=True):
    for i, model in enumerate(MODELS):
      _box(axes, i, own[own.model == model].loss.to_numpy())
    axes.set(title=f'p = {p:g}', xlim=(-0.6, len(MODELS) - 0.4))
    axes.set_xticks(range(len(MODELS)), MODELS.values())
    _logarithmic(axes)
    _quiet(axes)
  panels[0].set_ylabel(f'test loss of a draw, {UNIT}')
  return figure


def _logarithmic(axes: Axes) -> None:
  axes.set_yscale('log')
  axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
  axes.yaxis.set_minor_locator(NullLocator())
  axes.yaxis.set_major_formatter('{x:g}')


def _quiet(axes: Axes) -> None:
  axes.grid(axis='y', color='#dddddd', linewidth=0.5)
  axes.set_axisbelow(True)
  drawing.tidy(axes)


def _box(axes: Axes, place: int, values: np.ndarray) -> None:
  """Plots a box and, to its right, all values, spread by a fixed pattern."""
  look = drawing.line_style(place)
  # Multiples of the golden ratio modulo 1 are evenly spread, without a draw.
  x = place + 0.2 + 0.2 * (np.arange(len(values)) * 0.618 % 1)
  axes.scatter(
    x, values, s=9, color=look['color'], marker=look['marker'],
    alpha=0.45, linewidths=0,
  )  # fmt: skip
  ink = _ink(place)
  axes.boxplot(
    values, positions=[place - 0.05], widths=0.35, whis=(5, 95),
    showfliers=False, boxprops=ink, whiskerprops=ink, capprops=ink,
    medianprops={'color': 'black', 'linewidth': 1.6}, manage_ticks=False,
  )  # fmt: skip


def _ink(i: int) -> dict:
  return {'color': drawing.line_style(i)['color'], 'linewidth': 1.3}
