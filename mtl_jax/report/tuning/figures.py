"""Figure of the tuning curves, one panel for every row of the table."""

import pathlib

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter

from mtl_jax.report import drawing

BASE = 'single'


def draw(frame: pd.DataFrame, path: pathlib.Path) -> None:
  """Draws the expected Delta_m of the best of n draws, with its band.

  Args:
    frame: from `expected.curves`.
    path: of the PNG.
  """
  groups = list(frame.groupby(['scheme', 'balancer'], sort=False))
  figure, grid = drawing.panels(len(groups), 2.4, 1.9, sharex=True, sharey=True)
  base = frame[(frame.scheme == BASE) & (frame.balancer == 'equal')]
  for axes, ((scheme, balancer), own) in zip(grid, groups, strict=True):
    plain = balancer in ('', 'equal')
    _panel(axes, own, base, scheme if plain else f'{scheme} + {balancer}')
  _limits(grid[0], frame)
  drawing.legend(figure, *grid[0].get_legend_handles_labels())
  drawing.save(figure, path)


def _panel(axes: Axes, own: pd.DataFrame, base: pd.DataFrame, title) -> None:
  colour = drawing.COLOURS[0]
  label = f'{BASE}, tuned'
  axes.axhline(0, color=drawing.GREY, lw=0.6, label=f'{BASE}, untuned')
  axes.plot(base.draws, base['mean'], '--', color='black', lw=1, label=label)
  band = own.draws, own.low, own.high
  axes.fill_between(*band, color=colour, alpha=0.2, lw=0, label='95 %')
  axes.plot(own.draws, own['mean'], color=colour, label='the row')
  axes.set_xscale('log', base=2)
  axes.set(title=title, xlabel='draws', ylabel='Δm % (better ↑)')
  axes.xaxis.set_major_formatter('{x:g}')
  axes.xaxis.set_minor_formatter(NullFormatter())
  axes.yaxis.get_label().set_visible(axes.get_subplotspec().is_first_col())
  drawing.tidy(axes)


def _limits(axes: Axes, frame: pd.DataFrame) -> None:
  """Limits the axis to what tuning reaches: bad draws are far below."""
  tuned = frame[frame.draws > frame.draws.max() / 4]
  low, high = tuned['low'].quantile(0.05), frame['high'].quantile(0.95)
  low, high = min(low, -1), max(high, 1)
  if low < high:
    axes.set_ylim(low - 0.1 * (high - low), high + 0.1 * (high - low))
