"""Figure of the claims on several data sets: a panel per claim."""

from __future__ import annotations

import math
import pathlib
from collections.abc import Mapping

from matplotlib.axes import Axes

from mtl_jax.report import drawing
from mtl_jax.report.claims import summary
from mtl_jax.report.claims.claimed import FAILS, HOLDS, Answer, Finding
from mtl_jax.report.claims.forest import COLOURS

ROOM = 0.7  # of a lane, for the rows of one data set


def draw(
  answers: Mapping[str, Mapping[str, Answer]], path: pathlib.Path
) -> None:
  """Draws the findings behind every verdict, a lane per data set.

  Args:
    answers: by claim and data set.
    path: of the PNG.
  """
  names = list(dict.fromkeys(name for own in answers.values() for name in own))
  height = 0.5 * len(names) + 1.1
  figure, grid = drawing.panels(len(answers), 2.6, height, sharey=True)
  for axes, (claim, own) in zip(grid, answers.items(), strict=True):
    _panel(axes, claim, own, names)
  grid[0].set_yticks(range(len(names)), names)
  grid[0].set_ylim(len(names) - 0.5, -0.5)
  handles = [_mark(grid[0], verdict) for verdict in COLOURS]
  drawing.legend(figure, handles, [*COLOURS])
  drawing.save(figure, path)


def _panel(axes: Axes, claim: str, own: Mapping[str, Answer], names) -> None:
  found = {name: _known(answer) for name, answer in own.items()}
  first = next((one for rows in found.values() for one in rows), None)
  ratio = first is not None and first.unit == 'ratio'
  axes.axvline(1 if ratio else 0, color='black', linewidth=0.8)
  for name, rows in found.items():
    for i, one in enumerate(rows):
      shift = ROOM * ((i + 0.5) / len(rows) - 0.5)
      _dot(axes, one, names.index(name) + shift)
  if ratio:
    axes.set_xscale('log', base=2)
    axes.xaxis.set_major_formatter(lambda value, _: f'{value:.3g}')
  axes.set_title(claim.replace('_', ' '))
  axes.set_xlabel(_label(first) if first else '')
  drawing.tidy(axes)


def _known(answer: Answer) -> list[Finding]:
  known = (o for o in summary.judged(answer) if math.isfinite(o.estimate))
  return sorted(known, key=lambda one: one.estimate)


def _label(one: Finding) -> str:
  return f'{one.what}{", %" if one.unit == "%" else ""}'


def _dot(axes: Axes, one: Finding, y: float) -> None:
  # Filled where something is shown: a figure is printed in grey, too.
  colour = COLOURS.get(one.verdict, drawing.GREY)
  face = colour if one.verdict in (HOLDS, FAILS) else 'white'
  if math.isfinite(one.low) and math.isfinite(one.high):
    axes.plot((one.low, one.high), (y, y), color=colour, linewidth=0.7)
  mark = '>' if one.bound else 'o'
  look = {'marker': mark, 'markersize': 3, 'markerfacecolor': face}
  axes.plot(one.estimate, y, color=colour, **look)
  # Arrows where an interval goes on.
  for end, sign in zip((one.low, one.high), one.beyond[1:], strict=False):
    if sign != '=' and math.isfinite(end):
      axes.plot(end, y, color=colour, marker=sign, markersize=2)


def _mark(axes: Axes, verdict: str):
  look = {'marker': 'o', 'markersize': 4, 'linestyle': '-'}
  return axes.plot([], [], color=COLOURS[verdict], **look)[0]
