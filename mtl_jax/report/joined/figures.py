"""Figures of the report: Delta_m by data set, and mean ranks."""

import pathlib

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mtl_jax.report import drawing
from mtl_jax.report.joined import diagram
from mtl_jax.report.joined.findings import Findings
from mtl_jax.report.stats import BETTER, WORSE

MEAN = 'over data sets'


def write(found: Findings, folder: pathlib.Path) -> dict[str, bytes]:
  """Draws into a folder.

  Args:
    found: all numbers.
    folder: for the PNGs.

  Returns:
    The PNGs by name.
  """
  drawn = {'delta_m': forest(found)}
  if found.ranking:
    drawn['critical_difference'] = diagram.draw(found.ranking)
  for name, figure in drawn.items():
    drawing.save(figure, folder / f'{name}.png')
  return {name: (folder / f'{name}.png').read_bytes() for name in drawn}


def forest(found: Findings) -> Figure:
  """Draws Delta_m on each data set and over all of them, a panel per scheme.

  The dotted line behind the mean is the 95 % interval of a new data set.
  """
  labels, sets = found.joined.labels, found.joined.sets
  lines = [*(own.name for own in sets), MEAN]
  figure, grid = drawing.panels(
    len(labels), 2.2, 0.22 * len(lines) + 0.8, sharex=True, sharey=True
  )
  table = found.deltas.set_index(['row', 'dataset'])
  for axes, label in zip(grid, labels, strict=True):
    for j, own in enumerate(sets):
      row = table.loc[label, own.name]
      ends = row['mean'], row['ci_low'], row['ci_high']
      _bar(axes, j, ends, row['verdict'], drawing.line_style(j))
    _mean(axes, len(sets), found, label)
    axes.axvline(0, color='black', linewidth=0.8)
    axes.set(title=label, xlabel=f'Δm, % ({drawing.better(True)})')
    axes.tick_params(labelbottom=True)
    drawing.tidy(axes)
  grid[0].set_yticks(range(len(lines)), lines)
  grid[0].set_ylim(len(lines) - 0.5, -0.5)
  grid[0].set_xlim(*_limits(found))
  return figure


def _bar(axes: Axes, y: int, ends, verdict: str, style: dict) -> None:
  mean, low, high = ends
  style = style | {'linestyle': 'none', 'markersize': 5}
  if verdict not in (BETTER, WORSE):
    style['markerfacecolor'] = 'white'
  axes.errorbar(mean, y, xerr=[[mean - low], [high - mean]], capsize=2, **style)


def _mean(axes: Axes, y: int, found: Findings, label: str) -> None:
  own = found.effects[label]
  # That of two data sets is infinite, and has no ends.
  if np.isfinite(own.new_low):
    ends, style = [own.new_low, own.new_high], {'color': drawing.GREY}
    axes.plot(ends, [y, y], linewidth=1, linestyle=':', zorder=1, **style)
  ends = own.mean, own.low, own.high
  style = {'color': 'black', 'marker': 'o'}
  _bar(axes, y, ends, found.verdict(label), style)


def _limits(found: Findings) -> tuple[float, float]:
  """Intervals over a few data sets would hide all else, and are cut."""
  ends = found.deltas[['ci_low', 'ci_high']].to_numpy()
  means = np.array([[own.low, own.high] for own in found.effects.values()])
  low, high = float(ends.min()), float(ends.max())
  # Of the wider intervals over data sets, as much again is shown.
  room = 0.6 * (high - low)
  low = min(low, max(float(means.min()), low - room))
  high = max(high, min(float(means.max()), high + room))
  margin = 0.04 * (high - low)
  return low - margin, high + margin
