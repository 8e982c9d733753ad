"""The figure of held-out loss against training loss."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from mtl_jax.report import drawing, many, stats
from mtl_jax.report.agreement import ordered
from mtl_jax.report.claims import forest
from mtl_jax.report.claims.claimed import Finding
from mtl_jax.report.claims.equal import equal_loss
from mtl_jax.report.compare.counts import valid_over_train
from mtl_jax.report.results import Cell

POINTS = 40  # of a curve that are drawn
FEW = 3  # schemes whose bands do not hide each other


def draw(
  cells: Sequence[Cell], found: Sequence[Finding], path: pathlib.Path
) -> None:
  """Draws what was found, and then a panel per task.

  Of a task: means over seeds, training goes to the right.

  Args:
    cells: `single` among them; of many tasks the first are drawn.
    found: the mean over tasks, a row per scheme.
    path: of the PNG.
  """
  cells = [cell for cell in ordered(cells) if not cell.is_reference]
  tasks = cells[0].tasks[: many.MOST]
  figure, (first, *grid) = drawing.panels(len(tasks) + 1, 2.7, 2.4)
  panel = forest.Panel(
    'held-out loss, all tasks', '% of single, ← better', found
  )
  rows = [one.row for one in found]
  forest.draw_panel(first, panel, rows)
  forest.name_rows(first, rows)
  for axes, task in zip(grid, tasks, strict=True):
    for cell in cells:
      _line(axes, cell, cells, task.name)
    axes.invert_xaxis()
    axes.set_title(task.name)
    axes.set_xlabel('training loss, falling →')
    axes.set_ylabel('validation loss')
    drawing.tidy(axes)
  drawing.legend(figure, *grid[0].get_legend_handles_labels())
  drawing.save(figure, path)


def mean_curve(cell: Cell, task: str) -> tuple[np.ndarray, ...] | None:
  """Returns training losses and the mean held-out loss there, with its ends.

  Args:
    cell: with curves.
    task: its name.

  Returns:
    `[points]` each: training losses that every seed passes, from those of the
    second interval on. None without curves, or where there are none.
  """
  curves = [equal_loss.curve(run, task) for run in cell.completed]
  curves = [one for one in curves if one is not None]
  if not curves:
    return None
  low = max(one.train.min() for one in curves)
  # Without the steep beginning, if that leaves something.
  second = min(one.train[min(1, one.train.size - 1)] for one in curves)
  high = second if low < second else min(one.train[0] for one in curves)
  if not low < high:
    return None
  levels = np.linspace(high, low, POINTS)
  values = np.array([[equal_loss.at(c, x) for x in levels] for c in curves])
  overlap = valid_over_train(cell)
  ends = [stats.interval(v[np.isfinite(v)], overlap) for v in values.T]
  return levels, *np.array([(e.mean, e.low, e.high) for e in ends]).T


def _line(axes: Axes, cell: Cell, cells: Sequence[Cell], task: str) -> None:
  look = drawing.style(cells, cell) | {'marker': '', 'label': cell.label}
  found = mean_curve(cell, task)
  # A legend names it in any case.
  levels, mean, low, high = found or ([], [], [], [])
  axes.plot(levels, mean, linewidth=1.3, **look)
  # Of many schemes they would hide each other; the first panel has intervals.
  if len(cells) <= FEW + 1:
    axes.fill_between(
      levels, low, high, color=look['color'], alpha=0.15, linewidth=0
    )
