"""Estimates with intervals, a lane per row and a panel per quantity."""

from __future__ import annotations

import math
import pathlib
from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes

from mtl_jax.report import drawing
from mtl_jax.report.claims.claimed import FAILS, HOLDS, Finding

COLOURS = {HOLDS: drawing.COLOURS[2], FAILS: drawing.COLOURS[1]}


class Panel(NamedTuple):
  """One quantity of several rows.

  Attributes:
    title: above it.
    label: of the x-axis.
    findings: of the rows, in one unit.
  """

  title: str
  label: str
  findings: Sequence[Finding]


def draw(
  panels: Sequence[Panel], path: pathlib.Path, one_scale: bool = False
) -> None:
  """Draws the panels side by side; ratios on a logarithmic axis.

  Filled marks are shown, green where they support the claim and orange where
  they speak against it; a triangle is a lower bound.

  Args:
    panels: with the same rows, which are named once.
    path: of the PNG.
    one_scale: whether panels whose axes have one label have one scale.
  """
  rows = list(dict.fromkeys(f.row for p in panels for f in p.findings))
  height = 0.26 * max(len(rows), 2) + 0.9
  figure, grid = drawing.panels(len(panels), 2.5, height, sharey=True)
  firsts: dict[str, Axes] = {}
  for axes, panel in zip(grid, panels, strict=True):
    first = firsts.setdefault(panel.label, axes)
    if one_scale and axes is not first:
      axes.sharex(first)
    draw_panel(axes, panel, rows)
  name_rows(grid[0], rows)
  drawing.save(figure, path)


def name_rows(axes: Axes, rows: list[str]) -> None:
  """Writes the names of the rows beside the lanes, the first on top."""
  axes.set_yticks(range(len(rows)), rows)
  axes.set_ylim(len(rows) - 0.5, -0.5)


def draw_panel(axes: Axes, panel: Panel, rows: list[str]) -> None:
  """Draws one quantity.

  Args:
    axes: to draw on.
    panel: the quantity.
    rows: names of the lanes, in order.
  """
  ratio = any(finding.unit == 'ratio' for finding in panel.findings)
  axes.axvline(1 if ratio else 0, color='black', linewidth=0.8)
  for finding in panel.findings:
    if math.isfinite(finding.estimate):
      _lane(axes, finding, rows.index(finding.row))
  if ratio:
    _ratios(axes)
  else:
    axes.locator_params(axis='x', nbins=4)
  axes.set_title(panel.title)
  axes.set_xlabel(panel.label)
  drawing.tidy(axes)


def _lane(axes: Axes, finding: Finding, lane: int) -> None:
  # Shown ones have a filled mark: a figure is printed in grey, too.
  shown = finding.verdict in COLOURS
  colour = COLOURS.get(finding.verdict, drawing.GREY)
  if math.isfinite(finding.low) and math.isfinite(finding.high):
    axes.plot((finding.low, finding.high), (lane, lane), color=colour)
  face = colour if shown else 'white'
  mark = {
    'marker': '>' if finding.bound else 'o',
    'markersize': 5,
    'markerfacecolor': face,
  }
  axes.plot(finding.estimate, lane, color=colour, **mark)


def _ratios(axes: Axes) -> None:
  axes.set_xscale('log', base=2)
  axes.xaxis.set_major_formatter(lambda value, _: f'{value:.3g}')
