"""Losses of two tasks under fixed task weights and under balancers."""

import pathlib

import numpy as np
import pandas as pd

from mtl_jax.report import drawing


def draw(
  frame: pd.DataFrame,
  chosen: dict[str, int],
  tasks: list[str],
  path: pathlib.Path,
) -> None:
  """Draws the validation losses of both tasks for all draws and methods.

  Args:
    frame: a row per method and draw, with a column 'TASK loss' for each task.
    chosen: the number of the selected draw of each method.
    tasks: two names.
    path: of the PNG.
  """
  figure, (axes,) = drawing.panels(1, 6.5, 4.5)
  columns = [f'{task} loss' for task in tasks]
  static = frame[frame.method == 'static'][columns].dropna().to_numpy()
  best = front(static)
  axes.plot(*best.T, '-', color=drawing.GREY, label='front of static weights')
  axes.plot(*static.T, '.', color=drawing.GREY, label='static weights, drawn')
  for i, (method, number) in enumerate(chosen.items()):
    own = frame[(frame.method == method) & (frame.setting == number)]
    style = drawing.line_style(i) | {'linestyle': 'none'}
    axes.plot(*own[columns].to_numpy().T, label=method, **style)
  _frame(axes, frame, chosen, columns)
  axes.set_xlabel(f'{tasks[0]}: validation loss (better ←)')
  axes.set_ylabel(f'{tasks[1]}: validation loss (better ↓)')
  drawing.tidy(axes)
  drawing.legend(figure, *axes.get_legend_handles_labels())
  drawing.save(figure, path)


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


def _frame(axes, frame, chosen, columns) -> None:
  """Limits the axes to the selected points: bad draws are far away."""
  rows = [
    frame[(frame.method == m) & (frame.setting == i)] for m, i in chosen.items()
  ]
  values = pd.concat(rows)[columns].to_numpy()
  low, high = values.min(0), values.max(0)
  room = 0.25 * np.maximum(high - low, 1e-3)
  axes.set_xlim(low[0] - room[0], high[0] + room[0])
  axes.set_ylim(low[1] - room[1], high[1] + room[1])
