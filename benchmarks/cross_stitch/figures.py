"""The figure of cross-stitch's ablations: gains with intervals."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.cross_stitch import claims, tables
from mtl_jax.report import drawing, stats

LEAST = -15  # %; a lower gain is drawn there, as an arrow
PANELS = {
  'both tasks': ('item', 'hidden'),
  'item (few labels)': ('item',),
  'hidden (all labels)': ('hidden',),
}


def gains(frame: pd.DataFrame, steps: int) -> Figure:
  """Draws the gain of every row over `single`, with 95 % intervals.

  Args:
    frame: cross_stitch.csv.
    steps: of every run.
  """
  names = [
    [name for name in group if name != 'single']
    for group in tables.in_groups(steps).values()
  ]
  places = _places(names)
  figure = Figure((10, 0.25 * max(places.values()) + 1.2), layout='constrained')
  panels = figure.subplots(1, len(PANELS), sharey=True)
  for axes, (title, tasks) in zip(panels, PANELS.items(), strict=True):
    _panel(axes, claims.gains(frame, tasks), places)
    axes.set(title=title, xlabel='gain over single, % (better →)')
    drawing.tidy(axes)
  panels[0].set_yticks([*places.values()], [*places])
  panels[0].invert_yaxis()
  return figure


def _places(groups: list[list[str]]) -> dict[str, float]:
  """The height of each row, with a gap between groups."""
  places, next_place = {}, 0.0
  for names in groups:
    for name in names:
      places[name] = next_place
      next_place += 1
    next_place += 0.7
  return places


def _panel(axes: Axes, gained: pd.DataFrame, places: dict[str, float]) -> None:
  ours = gained[claims.OURS].mean()
  axes.axvline(0, color='black', linewidth=0.8)
  axes.axvline(ours, color=drawing.GREY, linewidth=0.8, linestyle=':')
  for name, place in places.items():
    found = stats.interval(gained[name].dropna().to_numpy())
    colour = drawing.COLOURS[name == claims.OURS]
    # A row that is far off would leave no room for the others.
    ends = np.maximum([found.low, found.high, found.mean], LEAST)
    if not np.isnan(found.low):
      axes.plot(ends[:2], [place] * 2, color=colour)
    marker = 'o' if found.mean > LEAST else '<'
    axes.plot(ends[2], place, marker, color=colour, markersize=4)
