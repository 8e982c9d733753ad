"""The figure of curves over labels, with the factors that they give."""

from __future__ import annotations

import math
import pathlib
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from mtl_jax.report import drawing, stats
from mtl_jax.report.claims.claimed import UNDECIDED
from mtl_jax.report.claims.labels.label_curves import Setting
from mtl_jax.report.claims.labels.label_factor import MARGIN, Factor
from mtl_jax.report.claims.labels.label_rows import Row
from mtl_jax.report.layout import human

# Bands of more schemes would hide each other; the last panel has intervals.
MOST_BANDS = 2
_BLACK = {'color': 'black', 'marker': 'o', 'linestyle': '-'}


def draw(
  settings: Sequence[Setting], rows: Sequence[Row], path: pathlib.Path
) -> None:
  """Draws a panel of curves per setting, and one of the factors.

  Args:
    settings: with the same schemes.
    rows: of all of them.
    path: of the PNG.
  """
  shown = [one for one in settings if one.gains]
  schemes = list(dict.fromkeys(row.scheme for row in rows))
  lanes = 0.19 * len(rows) + 1.4
  figure = Figure((3.4 * len(shown) + 4.4, max(3.3, lanes)))
  figure.set_layout_engine('constrained')
  *grid, last = figure.subplots(1, len(shown) + 1)
  for axes, setting in zip(grid, shown, strict=True):
    _curves(axes, setting, schemes)
  _factors(last, rows, schemes)
  handles, labels = grid[0].get_legend_handles_labels()
  drawing.legend(figure, handles, labels)
  drawing.save(figure, path)


def _curves(axes: Axes, setting: Setting, schemes: list[str]) -> None:
  few = len(schemes) <= MOST_BANDS
  for scheme, gains in setting.gains.items():
    look = _look(scheme, schemes)
    wide = 1.8 if scheme == 'single' else 1.1
    axes.plot(
      setting.shares,
      np.nanmean(gains, axis=0),
      label=scheme,
      markersize=4,
      linewidth=wide,
      **look,
    )
    if few or scheme == 'single':
      _band(axes, setting, gains, look['color'])
  _shares(axes, setting)
  axes.axhline(0, color='#bbbbbb', linewidth=0.8, zorder=0)
  axes.set_title(setting.name)
  axes.set_ylabel(f'{setting.quality}, % of single with all, + better')
  drawing.tidy(axes)


def _look(scheme: str, schemes: list[str]) -> dict:
  if scheme == 'single':
    return _BLACK
  return drawing.line_style(schemes.index(scheme))


def _band(axes: Axes, setting: Setting, gains: np.ndarray, colour) -> None:
  known = gains[np.isfinite(gains).all(axis=1)]
  ends = [stats.interval(column, setting.overlap) for column in known.T]
  low, high = [one.low for one in ends], [one.high for one in ends]
  if np.isfinite(low[0]):
    fill = {'color': colour, 'alpha': 0.15, 'linewidth': 0}
    axes.fill_between(setting.shares, low, high, **fill)


def _shares(axes: Axes, setting: Setting) -> None:
  axes.set_xscale('log')
  axes.xaxis.set_minor_locator(NullLocator())
  pairs = zip(setting.shares, setting.counts, strict=True)
  named = [f'{100 * share:.3g}\n{human(count)}' for share, count in pairs]
  axes.set_xticks(setting.shares, named)
  axes.set_xlabel('training labels: in %, and their number')


def _factors(axes: Axes, rows: Sequence[Row], schemes: list[str]) -> None:
  axes.axvspan(1 / (1 + MARGIN), 1 + MARGIN, color='#e6e6e6', linewidth=0)
  axes.axvline(1, color='black', linewidth=0.8)
  for lane, row in enumerate(rows):
    _lane(axes, lane, row, _look(row.scheme, schemes))
  axes.set_xscale('log', base=2)
  axes.xaxis.set_minor_locator(NullLocator())
  axes.xaxis.set_major_formatter(lambda value, _: f'{value:.2g}')
  axes.set_xlim(*_reach(rows))
  names = [f'{row.scheme}, {row.setting.name}' for row in rows]
  axes.set_yticks(range(len(rows)), names)
  axes.set_ylim(len(rows) - 0.5, -0.5)
  axes.set_title('factor of labels (filled: shown)')
  axes.set_xlabel('← sharing needs more labels | fewer →')
  drawing.tidy(axes)


def _reach(rows: Sequence[Row]) -> tuple[float, float]:
  """Limits that hold all intervals, and a factor of 2 on either side."""
  shown = [f for row in rows for f in row.factor[:3] if math.isfinite(f)]
  # Room for marks: those of open intervals lie at the end of the curve.
  return 0.9 * min(0.5, *shown), 1.1 * max(2.0, *shown)


def _lane(axes: Axes, lane: int, row: Row, look: dict) -> None:
  factor, colour = row.factor, look['color']
  if math.isfinite(factor.low):
    axes.plot((factor.low, factor.high), (lane, lane), color=colour)
    _open(axes, lane, factor, colour)
  face = 'white' if row.verdict == UNDECIDED else colour
  mark = {'marker': look['marker'], 'markersize': 5, 'markerfacecolor': face}
  axes.plot(factor.estimate, lane, color=colour, **mark)


def _open(axes: Axes, lane: int, factor: Factor, colour: str) -> None:
  """Arrows where the interval goes on beyond the curve."""
  least, most = factor.bounds
  if factor.low <= least * (1 + 1e-9):
    axes.plot(least, lane, color=colour, marker='<', markersize=4)
  if factor.high >= most * (1 - 1e-9):
    axes.plot(most, lane, color=colour, marker='>', markersize=4)
