"""Losses of two tasks under fixed task weights and under balancers."""

import pathlib
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from mtl_jax.report import drawing
from mtl_jax.report.results import Cell, Run


def draw(
  static: Sequence[Sequence[Run]],
  chosen: Mapping[str, Cell],
  path: pathlib.Path,
) -> None:
  """Draws the validation losses of two tasks, means over the seeds.

  Args:
    static: the runs of each draw of constant task weights.
    chosen: by name, cells at the settings that they chose.
    path: of the PNG.
  """
  tasks = [task.name for task in next(iter(chosen.values())).tasks]
  figure, (axes,) = drawing.panels(1, 6.5, 4.5)
  points = np.array([losses(runs, tasks) for runs in static])
  points = points[np.isfinite(points).all(1)]
  best = front(points)
  axes.plot(*best.T, '-', color=drawing.GREY, label='front of static weights')
  axes.plot(*points.T, '.', color=drawing.GREY, label='static weights, drawn')
  own = {name: losses(cell.setting, tasks) for name, cell in chosen.items()}
  for i, (name, point) in enumerate(own.items()):
    style = drawing.line_style(i) | {'linestyle': 'none'}
    axes.plot(*point[:, None], label=name, **style)
  _frame(axes, np.array(list(own.values())))
  axes.set_xlabel(f'{tasks[0]}: validation loss (better ←)')
  axes.set_ylabel(f'{tasks[1]}: validation loss (better ↓)')
  drawing.tidy(axes)
  drawing.legend(figure, *axes.get_legend_handles_labels())
  drawing.save(figure, path)


def losses(runs: Sequence[Run], tasks: Sequence[str]) -> np.ndarray:
  """Returns the mean validation loss of each task, `[tasks]`.

  Args:
    runs: one per seed.
    tasks: their names.

  Returns:
    NaN if a run failed.
  """
  if any(run.test is None for run in runs):
    return np.full(len(tasks), np.nan)
  each = [[run.valid[task]['loss'] for task in tasks] for run in runs]
  return np.array(each, float).mean(0)


def front(points: np.ndarray) -> np.ndarray:
  """Returns the Pareto front of points, sorted by the first loss.

  Args:
    points: `[N, 2]`, losses.

  Returns:
    `[M, 2]`, the points that no other is below in both losses.
  """
  # Sorted by the first loss, ties by the second, a point is on the front if its
  # second loss is below those of all points before it.
  ranked = points[np.lexsort(points.T[::-1])]
  lowest = np.minimum.accumulate(ranked[:, 1])
  first = np.concatenate([[True], lowest[1:] < lowest[:-1]])
  return ranked[first]


def _frame(axes: Axes, points: np.ndarray) -> None:
  """Limits the axes to the selected points: bad draws are far away."""
  points = points[np.isfinite(points).all(1)]
  if not len(points):
    return
  low, high = points.min(0), points.max(0)
  room = 0.25 * np.maximum(high - low, 1e-3)
  axes.set_xlim(low[0] - room[0], high[0] + room[0])
  axes.set_ylim(low[1] - room[1], high[1] + room[1])
