"""What fixed task weights reach on two tasks, and where balancers stand."""

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
  """Validation losses of both tasks: every draw of `static`, all choices.

  Args:
    frame: a row per method and draw, with a column 'TASK loss' for both.
    chosen: the draw of each method.
    tasks: two names.
    path: of the picture.
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
  """Of points `[N, 2]` those that none is below in both, by the first."""
  ranked = points[np.lexsort(points.T[::-1])]
  lowest = np.minimum.accumulate(ranked[:, 1])
  first = np.concatenate([[True], lowest[1:] < lowest[:-1]])
  return ranked[first]


def _frame(axes, frame, chosen, columns) -> None:
  """Bad draws lie far away: the frame is around what was chosen."""
  rows = [
    frame[(frame.method == m) & (frame.setting == i)] for m, i in chosen.items()
  ]
  values = pd.concat(rows)[columns].to_numpy()
  low, high = values.min(0), values.max(0)
  room = 0.25 * np.maximum(high - low, 1e-3)
  axes.set_xlim(low[0] - room[0], high[0] + room[0])
  axes.set_ylim(low[1] - room[1], high[1] + room[1])
