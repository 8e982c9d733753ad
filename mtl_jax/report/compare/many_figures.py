"""Figures of more tasks than there is room for panels: their distributions."""

import pathlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from mtl_jax.report import drawing, many, stats
from mtl_jax.report.agreement import baseline, ordered
from mtl_jax.report.layout import of_cells
from mtl_jax.report.results import Cell, TaskInfo

NAMED = 2  # tasks at each end whose name is written


def differences(
  cells: Sequence[Cell], frame: pd.DataFrame, path: pathlib.Path
) -> None:
  """Draws a panel per cell: all tasks by their gain, with 95 % intervals.

  Args:
    cells: of the table.
    frame: from `rows.rows`.
    path: of the PNG.
  """
  cells = ordered(cells)
  shown = [cell for cell in cells if not cell.is_baseline]
  rows = of_cells(frame, cells)
  base = rows[baseline(cells).label]
  names = [task.name for task in cells[0].tasks]
  figure, grid = drawing.panels(max(len(shown), 1), 3.2, 2.6, sharey=True)
  bounds = []
  for axes, cell in zip(grid, shown, strict=False):
    gains = many.gains(rows[cell.label], base, names).dropna(subset='gain')
    gains = gains.sort_values('gain')
    _gains(axes, gains, drawing.style(cells, cell)['color'])
    bounds.append(_frame(gains))
    axes.set(title=cell.label, xlabel='tasks by gain')
    drawing.tidy(axes)
  # The first panel of each row: `drawing.panels` puts four in a row.
  for axes in grid[::4]:
    axes.set_ylabel('gain over single, % (better ↑)', fontsize=8)
  _limit(grid[0], np.array(bounds))
  drawing.save(figure, path)


def curves(
  cells: Sequence[Cell], frame: pd.DataFrame, path: pathlib.Path
) -> None:
  """Draws a panel per headline metric: median and quartiles over tasks.

  Args:
    cells: of the table.
    frame: unused; all figures take the same arguments.
    path: of the PNG.
  """
  del frame
  cells = ordered(cells)
  kinds = many.by_metric(cells[0].tasks)
  figure, grid = drawing.panels(len(kinds), 4.2, 3.2)
  for axes, ((metric, higher), tasks) in zip(grid, kinds.items(), strict=True):
    seen = [_curve(axes, cells, cell, tasks) for cell in cells]
    _limit(axes, np.array([ends for ends in seen if ends is not None]))
    arrow = '↑' if higher else '↓'
    axes.set(title=f'{len(tasks)} tasks', xlabel='training step')
    axes.set_ylabel(f'validation {metric} {arrow}')
    drawing.tidy(axes)
  drawing.legend(figure, *grid[0].get_legend_handles_labels())
  drawing.save(figure, path)


def _gains(axes: Axes, gains: pd.DataFrame, colour: str) -> None:
  # Smaller markers where hundreds of tasks would merge.
  places, size = np.arange(len(gains)), 3 if len(gains) <= 300 else 1.5
  axes.vlines(places, gains['low'], gains['high'], color='#cccccc', linewidth=1)
  shown = gains['verdict'].isin([stats.BETTER, stats.WORSE]).to_numpy()
  for which, fill in ((~shown, 'white'), (shown, colour)):
    axes.plot(
      places[which],
      gains['gain'].to_numpy()[which],
      linestyle='none',
      marker='o',
      markersize=size,
      markeredgewidth=size / 5,
      color=colour,
      markerfacecolor=fill,
    )
  axes.axhline(0, color='black', linewidth=0.8)
  axes.set_xticks([])
  _name_ends(axes, gains)


def _frame(gains: pd.DataFrame) -> tuple[float, float]:
  """Limits that hold all gains and the narrower half of the intervals."""
  low, high = gains['low'].quantile(0.5), gains['high'].quantile(0.5)
  return np.nanmin([gains['gain'].min(), low]), np.nanmax(
    [gains['gain'].max(), high]
  )


def _name_ends(axes: Axes, gains: pd.DataFrame) -> None:
  for side, names in enumerate((gains.index, gains.index[::-1])):
    lines = [f'{name} {gains["gain"][name]:+.3g}' for name in names[:NAMED]]
    axes.text(
      0.98 if side else 0.02,
      0.02 if side else 0.98,
      '\n'.join(['most:' if side else 'least:', *lines]),
      transform=axes.transAxes,
      ha='right' if side else 'left',
      va='bottom' if side else 'top',
      fontsize=7,
    )


def _limit(axes: Axes, bounds: np.ndarray) -> None:
  """Sets limits that hold all bounds, with a margin."""
  bounds = bounds[np.isfinite(bounds).all(1)] if bounds.size else bounds
  if not bounds.size:
    return
  low, high = bounds[:, 0].min(), bounds[:, 1].max()
  room = 0.15 * max(high - low, 1e-6)
  axes.set_ylim(low - room, high + room)


def _curve(axes: Axes, cells, cell: Cell, tasks: list[TaskInfo]):
  style = drawing.style(cells, cell) | {'label': cell.label}
  steps, values = _by_step(cell, tasks)
  if not steps:
    return _level(axes, cell, tasks, style | {'marker': ''})
  # A task's mean over runs is NaN where one run lacks the metric; the quantiles
  # over tasks leave it out.
  low, middle, high = np.nanquantile(values, (0.25, 0.5, 0.75), axis=1)
  every = max(1, len(steps) // 8)
  axes.plot(
    steps, middle, markevery=every, markersize=3.5, linewidth=1.2, **style
  )
  axes.fill_between(
    steps, low, high, color=style['color'], alpha=0.12, linewidth=0
  )
  # As in `figures._limits`: the first tenth of the steps would hide the rest.
  late = np.array(steps) >= 0.1 * steps[-1]
  return low[late].min(), high[late].max()


def _level(axes: Axes, cell: Cell, tasks: list[TaskInfo], style: dict):
  results = [
    run.valid[task.name].get(task.metrics[0][0])
    for run in cell.completed
    for task in tasks
  ]
  known = [value for value in results if value is not None]
  if not known:
    return None
  middle = np.median(known)
  axes.axhline(middle, **style)
  return middle, middle


def _by_step(cell: Cell, tasks: list[TaskInfo]) -> tuple[list[int], np.ndarray]:
  """Steps, and means over runs `[steps, tasks]`."""
  metric = tasks[0].metrics[0][0]
  by_step: dict[int, list[list[float]]] = {}
  for run in cell.completed:
    for point in run.curve:
      values = [point.valid[task.name].get(metric) for task in tasks]
      known = [np.nan if value is None else value for value in values]
      by_step.setdefault(point.step, []).append(known)
  steps = sorted(by_step)
  if not steps:
    return [], np.empty((0, len(tasks)))
  return steps, np.array([np.mean(by_step[step], 0) for step in steps])
