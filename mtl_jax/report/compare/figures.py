"""Figures of a comparison: differences, learning curves, quality and size."""

import pathlib
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from mtl_jax.report import drawing, many, stats, units
from mtl_jax.report.agreement import ordered
from mtl_jax.report.compare import counts, many_figures
from mtl_jax.report.compare.curve_figure import curve_differences
from mtl_jax.report.compare.size_figure import quality_vs_parameters
from mtl_jax.report.layout import of_cells
from mtl_jax.report.results import Cell, TaskInfo


def differences(
  cells: Sequence[Cell], frame: pd.DataFrame, path: pathlib.Path
) -> None:
  """Draws, per task, the paired difference to single with its interval.

  Args:
    cells: of the table.
    frame: from `rows.rows`.
    path: of the PNG.
  """
  cells = ordered(cells)
  if many.too_many(cells[0].tasks):
    many_figures.differences(cells, frame, path)
    return
  shown = [cell for cell in cells if not cell.is_baseline]
  found = of_cells(frame, shown)
  rows = [(drawing.style(cells, c), found[c.label]) for c in shown]
  tasks = cells[0].tasks
  height = 0.2 * max(len(shown), 3) + 0.8
  figure, grid = drawing.panels(len(tasks) + 1, 2.5, height, sharey=True)
  # The last panel is that of Delta_m.
  for axes, task in zip(grid, tasks, strict=False):
    metric, higher = task.metrics[0]
    _bars(axes, rows, task.name)
    unit = _unit(cells, task)
    label = f'{metric} − single{unit} ({drawing.better(higher)})'
    axes.set(title=title(cells, task), xlabel=label)
    drawing.tidy(axes)
  _bars(grid[-1], rows, 'ALL')
  grid[-1].set(title='Δm, all tasks', xlabel=f'% ({drawing.better(True)})')
  drawing.tidy(grid[-1])
  grid[0].set_yticks(range(len(shown)), [cell.label for cell in shown])
  grid[0].set_ylim(max(len(shown), 1) - 0.5, -0.5)
  drawing.save(figure, path)


def curves(
  cells: Sequence[Cell], frame: pd.DataFrame, path: pathlib.Path
) -> None:
  """Draws, per task, the validation metric by step with a 95 % band.

  Args:
    cells: of the table.
    frame: from `rows.rows`.
    path: of the PNG.
  """
  cells = ordered(cells)
  if many.too_many(cells[0].tasks):
    many_figures.curves(cells, frame, path)
    return
  tasks = cells[0].tasks
  figure, grid = drawing.panels(len(tasks), 2.9, 2.4)
  for axes, task in zip(grid, tasks, strict=True):
    metric, higher = task.metrics[0]
    for cell in cells:
      _curve(axes, cells, cell, task)
    _limits(axes)
    unit = _unit(cells, task)
    axes.set(title=title(cells, task), xlabel='training step')
    axes.set_ylabel(f'validation {metric}{unit} {"↑" if higher else "↓"}')
    drawing.tidy(axes)
  drawing.legend(figure, *grid[0].get_legend_handles_labels())
  drawing.save(figure, path)


def title(cells: Sequence[Cell], task: TaskInfo) -> str:
  """Returns a task's name, and on how many seeds its metric has no value."""
  metric = task.metrics[0][0]
  lost = {
    cell.label: len(cell.completed) - len(cell.values(task.name, metric))
    for cell in cells
  }
  if not any(lost.values()):
    return task.name
  return f'{task.name} (up to {max(lost.values())} seeds without a value)'


def _unit(cells: Sequence[Cell], task: TaskInfo) -> str:
  metric = task.metrics[0][0]
  own = units.of(cells[0], task.name, metric)
  return drawing.unit(task.kind, metric, own)


# Of markers; better and worse are filled with the colour of the row.
FILL = {stats.UNDECIDED: 'white', stats.EQUIVALENT: '#bbbbbb'}

ALL: dict[str, Callable] = {
  'differences': differences,
  'curve_differences': curve_differences,
  'curves': curves,
  'quality_vs_parameters': quality_vs_parameters,
}


def _bars(axes: Axes, rows: list[tuple[dict, pd.DataFrame]], task: str):
  for i, (style, own) in enumerate(rows):
    row = own.loc[task]
    style = style | {'linestyle': 'none', 'markersize': 5}
    # No bar where the interval is unknown, as for a single seed.
    half = np.nan_to_num((row['diff_ci_high'] - row['diff_ci_low']) / 2)
    style['markerfacecolor'] = FILL.get(row['verdict'], style['color'])
    axes.errorbar(row['diff'], i, xerr=half, capsize=2, **style)
  axes.axvline(0, color='black', linewidth=0.8)
  margins = [own.loc[task, 'margin'] for _, own in rows]
  if np.isfinite(margins).any():
    # The smallest, where rows have other seeds and so another baseline.
    margin = np.nanmin(margins)
    axes.axvspan(-margin, margin, color='#eeeeee', linewidth=0, zorder=0)
  axes.locator_params(axis='x', nbins=4)


def _curve(axes: Axes, cells, cell: Cell, task: TaskInfo) -> None:
  style = drawing.style(cells, cell) | {'label': cell.label}
  steps, summary = _summary(cell, task)
  if not steps:
    _level(axes, cell, task, style)
    return
  # About eight markers per curve, however many evaluations there are.
  every = max(1, len(steps) // 8)
  means = [s.mean for s in summary]
  axes.plot(
    steps, means, markevery=every, markersize=3.5, linewidth=1.2, **style
  )
  band = [s.low for s in summary], [s.high for s in summary]
  # Many bands overlap: paler ones leave the curves readable.
  alpha = 0.15 if len(cells) < 8 else 0.06
  axes.fill_between(
    steps, *band, color=style['color'], alpha=alpha, linewidth=0
  )


def _level(axes: Axes, cell: Cell, task: TaskInfo, style: dict) -> None:
  # The reference learns in one go: a level takes the place of its curve.
  metric = task.metrics[0][0]
  values = [
    value * units.factor(cell, task.name, metric, run.seed)
    for run in cell.completed
    for value in [run.valid[task.name].get(metric)]
    if value is not None
  ]
  if values:
    axes.axhline(np.mean(values), **(style | {'marker': ''}))


def _summary(cell: Cell, task: TaskInfo):
  metric = task.metrics[0][0]
  by_step: dict[int, list[float]] = {}
  for run in cell.completed:
    scale = units.factor(cell, task.name, metric, run.seed)
    for point in run.curve:
      value = point.valid[task.name].get(metric)
      if value is not None:
        by_step.setdefault(point.step, []).append(scale * value)
  steps = sorted(by_step)
  overlap = counts.valid_over_train(cell)
  return steps, [stats.interval(by_step[step], overlap) for step in steps]


def _limits(axes: Axes) -> None:
  """Ignores the first tenth of the steps, whose values would hide the rest."""
  late = []
  for line in axes.get_lines():
    x, y = line.get_data()
    # A level spans the panel, not steps: it has to be in sight.
    level = line.get_transform() != axes.transData
    late += [b for a, b in zip(x, y, strict=True) if level or a >= 0.1 * max(x)]
  late = np.array(late)
  late = late[np.isfinite(late)]
  if late.size and np.ptp(late) > 0:
    margin = 0.25 * np.ptp(late)
    axes.set_ylim(late.min() - margin, late.max() + margin)
