"""Figures of the report: Delta_m by data set, and mean ranks."""

import pathlib

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mtl_jax.report import drawing
from mtl_jax.report.joined import diagram
from mtl_jax.report.joined.findings import BETTER, WORSE, Findings

GAP = 1.0  # between the groups of two schemes, in lines
MEAN = 'over data sets'
NEW = 'on a new data set'


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
  """Draws Delta_m of each scheme on each data set, and over all of them.

  The thin line behind the mean is the 95 % interval of a new data set.
  """
  labels, sets = found.joined.labels, found.joined.sets
  block = len(sets) + 1 + GAP
  figure, (axes,) = drawing.panels(1, 5.5, 0.17 * block * len(labels) + 1.2)
  table = found.deltas.set_index(['row', 'dataset'])
  for i, label in enumerate(labels):
    for j, own in enumerate(sets):
      row = table.loc[label, own.name]
      style = drawing.line_style(j) | {'label': own.name, 'markersize': 4}
      ends = row['mean'], row['ci_low'], row['ci_high']
      _bar(axes, i * block + j, ends, row['verdict'], style)
    _mean(axes, i * block + len(sets), found, label)
  _frame(axes, found)
  middle = np.arange(len(labels)) * block + len(sets) / 2
  axes.set_yticks(middle, labels)
  axes.set_ylim(block * len(labels) - GAP, -1)
  handles, names = axes.get_legend_handles_labels()
  one = dict(zip(names, handles, strict=True))
  drawing.legend(figure, list(one.values()), list(one))
  return figure


def _bar(axes: Axes, y: float, ends, verdict: str, style: dict) -> None:
  mean, low, high = ends
  if verdict not in (BETTER, WORSE):
    style['markerfacecolor'] = 'white'
  style['linestyle'] = 'none'
  axes.errorbar(mean, y, xerr=[[mean - low], [high - mean]], capsize=2, **style)


def _mean(axes: Axes, y: float, found: Findings, label: str) -> None:
  own = found.effects[label]
  # Behind the mean; that of two data sets is infinite, and has no ends.
  if np.isfinite(own.new_low):
    axes.plot(
      [own.new_low, own.new_high], [y, y], color=drawing.GREY, linewidth=0.8,
      linestyle=':', label=NEW, zorder=1,
    )  # fmt: skip
  style = {'color': 'black', 'marker': 'o', 'markersize': 5, 'label': MEAN}
  ends = own.mean, own.low, own.high
  _bar(axes, y, ends, found.verdict(label), style)


def _frame(axes: Axes, found: Findings) -> None:
  """Limits: intervals of a few data sets would hide all else."""
  ends = found.deltas[['ci_low', 'ci_high']].to_numpy()
  means = [[e.low, e.high] for e in found.effects.values()]
  low, high = ends.min(), ends.max()
  # Of the wider intervals over data sets, as much again is shown.
  room = 0.6 * (high - low)
  low = min(low, max(np.min(means), low - room))
  high = max(high, min(np.max(means), high + room))
  margin = 0.04 * (high - low)
  axes.set_xlim(low - margin, high + margin)
  axes.axvline(0, color='black', linewidth=0.8)
  axes.set_xlabel(f'Δm, % ({drawing.better(True)})')
  drawing.tidy(axes)
