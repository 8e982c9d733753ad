"""Values that a scheme logs over training: gates, stitches, choices."""

import itertools
import math
import pathlib
import re
import textwrap
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from mtl_jax.report import drawing, stats
from mtl_jax.report.results import Cell, Reading, TaskInfo

# More would be too small to read.
ROWS, COLUMNS, LINES = 12, 6, 12


class Row(NamedTuple):
  """One reading as it is drawn.

  Attributes:
    panels: titles, one for each entry of all axes but the last.
    lines: names of the last axis' entries.
    steps: at which it was logged.
    values: `[panels, lines, steps, 3]`: mean, low and high end of its 95 %
      interval over the runs.
  """

  panels: list[str]
  lines: list[str]
  steps: list[int]
  values: np.ndarray


def name(cell: Cell) -> str:
  """Returns the name of the cell's figure: `readings_hard+pcgrad`."""
  label = cell.label.replace(' + ', '+')
  plain = re.sub(r'[^\w.+-]', '_', label)
  return f'readings_{plain}'


def logged(cell: Cell) -> list[Reading]:
  """Returns the readings of the completed runs, stage 2 before stage 10."""
  readings = {
    r for run in cell.completed for e in run.curve for r in e.readings
  }
  return sorted(readings, key=_order)


def write(cell: Cell, path: pathlib.Path) -> None:
  """Writes the figure of a cell that logged something.

  Args:
    cell: for which `logged` is not empty.
    path: of the PNG.
  """
  drawing.save(draw(cell), path)


def draw(cell: Cell) -> Figure:
  """Draws a row of panels for each reading, at most `ROWS`."""
  readings = logged(cell)
  rows = [row(cell, reading) for reading in readings[:ROWS]]
  columns = min(COLUMNS, max(len(r.panels) for r in rows))
  size = 1.75 * columns + 1.6, 1.6 * len(rows) + 0.3
  figure = Figure(size, layout='constrained')
  more = _more(len(readings) - len(rows))
  figure.suptitle(f'{cell.label}{more and f"{more} readings"}', fontsize=10)
  parts = figure.subfigures(len(rows), squeeze=False).ravel()
  for part, reading, r in zip(parts, readings, rows, strict=False):
    _draw_row(part, reading, r, columns)
  return figure


def row(cell: Cell, reading: Reading) -> Row:
  """Collects one reading over the completed runs.

  Args:
    cell: whose runs logged it.
    reading: one of `logged(cell)`.

  Returns:
    Its values with intervals over the runs, at most `COLUMNS` panels of
    `LINES` lines.
  """
  by_step: dict[int, list[np.ndarray]] = {}
  for run in cell.completed:
    for point in run.curve:
      if reading in point.readings:
        by_step.setdefault(point.step, []).append(point.readings[reading])
  steps = sorted(by_step)
  shape = by_step[steps[0]][0].shape
  axes = zip(reading.axes, shape, strict=True)
  names = [entries(axis, size, cell.tasks) for axis, size in axes]
  # A reading without axes is one line in one panel.
  *outer, lines = names or [['']]
  panels = [', '.join(entry) for entry in itertools.product(*outer)]
  drawn = np.s_[:, :COLUMNS, :LINES]
  by_run = [
    np.reshape(by_step[step], (-1, len(panels), len(lines)))[drawn]
    for step in steps
  ]
  # [panels, lines, 3] of each step become [panels, lines, steps, 3].
  values = np.stack([_intervals(values) for values in by_run], axis=-2)
  return Row(panels, lines, steps, values)


def entries(axis: str, size: int, tasks: Sequence[TaskInfo]) -> list[str]:
  """Returns the names of the entries along an axis.

  Args:
    axis: its name.
    size: the number of its entries.
    tasks: of the cell. An axis 'task' or 'tower' of their number is named
      after them.

  Returns:
    `size` names.
  """
  if axis == 'task' and size == len(tasks):
    return [task.name for task in tasks]
  if axis == 'task' and size == 1:
    return ['all tasks']
  if axis == 'tower' and size == len(tasks):
    return [f'tower {i} ({task.name})' for i, task in enumerate(tasks)]
  return [f'{axis} {i}' for i in range(size)]


def _intervals(values: np.ndarray) -> np.ndarray:
  """`[runs, panels, lines]` -> `[panels, lines, 3]`, of finite values alone."""
  columns = values.reshape(len(values), -1).T
  intervals = [
    stats.interval(column[np.isfinite(column)]) for column in columns
  ]
  ends = np.array([(f.mean, f.low, f.high) for f in intervals])
  return ends.reshape(*values.shape[1:], 3)


def _draw_row(part: SubFigure, reading: Reading, r: Row, columns: int) -> None:
  grid = part.subplots(1, columns, sharey=True, squeeze=False)[0]
  shown = grid[: len(r.values)]
  for empty in grid[len(shown) :]:
    empty.remove()
  for axes, title, lines in zip(shown, r.panels, r.values, strict=False):
    for i, line in enumerate(lines):
      _line(axes, i, r.steps, line)
    axes.set(title=textwrap.fill(title, 24), xlabel='training step')
    axes.locator_params(nbins=4)
    drawing.tidy(axes)
  more = _more(len(r.panels) - len(shown))
  if more:
    shown[-1].set_title(f'{shown[-1].get_title()}\n{more.strip()}')
  shown[0].set_ylabel(textwrap.fill(reading.name, 20))
  if reading.axes:
    _legend(shown[-1], r.lines)


def _line(axes: Axes, i: int, steps: list[int], line: np.ndarray) -> None:
  """One entry's mean and band, `[steps, 3]`."""
  style = drawing.line_style(i)
  mean, low, high = line.T
  every = max(1, len(steps) // 6)
  axes.plot(
    steps, mean, markevery=every, markersize=3.5, linewidth=1.2, **style
  )
  axes.fill_between(
    steps, low, high, color=style['color'], alpha=0.15, linewidth=0
  )


def _legend(axes: Axes, names: list[str]) -> None:
  handles, shown = axes.get_lines(), names[:LINES]
  if len(names) > len(shown):
    # An entry without a line says that there are more.
    handles = [*handles, Line2D([], [], linestyle='none')]
    shown = [*shown, _more(len(names) - len(shown)).strip()]
  axes.legend(
    handles,
    shown,
    loc='upper left',
    bbox_to_anchor=(1.02, 1.05),
    ncols=math.ceil(len(shown) / 7),
    fontsize=8,
    frameon=False,
    labelspacing=0.2,
    borderaxespad=0,
  )


def _more(count: int) -> str:
  return f' ... and {count} more' if count > 0 else ''


def _order(reading: Reading) -> list[tuple[int, str]]:
  """Numbers by their value: digits are padded on the left."""
  parts = re.split(r'(\d+)', reading.name)
  return [(int(part) if part.isdigit() else -1, part) for part in parts]
