"""Correlations and regrets of the measures, a panel per set of tasks."""

import pathlib

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mtl_jax.report import drawing
from mtl_jax.report.validity import pair_measures
from mtl_jax.report.validity.correlations import DRAWN, Validity
from mtl_jax.report.validity.regrets import REFERENCES, WHOLE

WHEN = list(pair_measures.WHEN)


def write(result: Validity, folder: pathlib.Path) -> None:
  """Writes both figures.

  Args:
    result: what was computed.
    folder: for the PNGs.
  """
  drawing.save(correlations(result.correlations), folder / 'correlations.png')
  drawing.save(regrets(result.regrets), folder / 'regrets.png')


def correlations(lines: pd.DataFrame) -> Figure:
  """Draws Spearman's correlations by part of the training.

  A horizontal line is a measure that does not depend on the part: of features
  at the end, or of how the data were drawn.
  """
  names = list(dict.fromkeys(lines['tasks']))
  names.sort(key=lambda name: name != DRAWN)
  figure, grid = drawing.panels(len(names), 3.1, 3.2, sharey=True)
  measures = list(dict.fromkeys(lines['measure']))
  for axes, name in zip(grid, names, strict=True):
    own = lines[lines['tasks'] == name]
    for i, measure in enumerate(measures):
      _over_training(axes, i, own[own['measure'] == measure])
    axes.axhline(0, color='black', linewidth=0.8)
    axes.set_xticks(range(len(WHEN)), WHEN, rotation=30, ha='right')
    axes.set(title=name, xlabel='part of the training')
    drawing.tidy(axes)
  grid[0].set_ylabel("Spearman's correlation\nwith gains of pairs")
  handles = [
    grid[0].plot([], [], label=m, **_style(i))[0]
    for i, m in enumerate(measures)
  ]
  drawing.legend(figure, handles, measures)
  return figure


def _style(i: int) -> dict:
  return {'markersize': 4, 'linewidth': 1.1, **drawing.line_style(i)}


def _over_training(axes: Axes, i: int, own: pd.DataFrame) -> None:
  rows = own.set_index('when')
  # Not measured during the training, so that there is one value.
  if not set(rows.index) & set(WHEN):
    for rho in rows['rho'].dropna():
      axes.axhline(rho, alpha=0.9, **{**_style(i), 'marker': ''})
    return
  rows = rows.reindex(WHEN)
  half = (rows['ci_high'] - rows['ci_low']) / 2
  # Side by side, so that intervals of many measures do not overlap.
  places = np.arange(len(WHEN)) + 0.06 * (i - 4)
  axes.errorbar(places, rows['rho'], yerr=half, capsize=1.5, **_style(i))


def regrets(lines: pd.DataFrame) -> Figure:
  """Draws each chooser's regret, with the fewest networks."""
  shown = lines[
    lines['when'].isin(WHOLE)
    & (lines['budget'] == lines['budget'].min())
    & (lines['measure'] != 'validation')
  ]
  names = list(dict.fromkeys(shown['tasks']))
  names.sort(key=lambda name: name != DRAWN)
  if not names:
    return Figure((3, 1))
  figure, grid = drawing.panels(len(names), 2.9, 3.4, sharey=True)
  measures = list(dict.fromkeys(shown['measure']))
  measures.sort(key=lambda measure: measure not in REFERENCES)
  for axes, name in zip(grid, names, strict=True):
    _misses(axes, shown[shown['tasks'] == name], measures[::-1])
    axes.set(title=name, xlabel='regret, % of the headline\n← better')
    drawing.tidy(axes)
  budget = shown['budget'].iloc[0]
  figure.suptitle(
    f'Groupings of {budget} networks: gain missed of the one chosen by all '
    "groups' validation, mean and 95 % interval over seeds",
    fontsize=9,
  )
  return figure


def _misses(axes: Axes, own: pd.DataFrame, measures: list[str]) -> None:
  """A row per measure, the same in all panels; a set may lack one."""
  for row in own.to_dict('records'):
    known = row['measure'] in REFERENCES
    axes.errorbar(
      row['regret'],
      measures.index(row['measure']),
      xerr=(row['ci_high'] - row['ci_low']) / 2,
      capsize=2,
      marker='o',
      markersize=4,
      color=drawing.GREY if known else drawing.COLOURS[0],
    )
  axes.axvline(0, color='black', linewidth=0.8)
  axes.set_yticks(range(len(measures)), measures)
