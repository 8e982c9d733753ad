"""Pictures, and below them maps: the truth and the prediction of each task."""

import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.dense import colours
from mtl_jax.report import drawing
from mtl_jax.tasks import Task

SIDE = 1.6  # of a picture, in inches
KEY = 0.6  # width of the column of scales, in pictures

Shown = tuple[Task, Any, Any]  # a task, its labels and its predictions


def save(
  path: pathlib.Path, model: str, pictures: Any, shown: Sequence[Shown]
) -> None:
  """Draws and writes the figure.

  Args:
    path: of the PNG file.
    model: for the title.
    pictures: `[N, H, W, C]`, bytes or floats from 0 to 1.
    shown: labels and predictions of each dense task.
  """
  path.parent.mkdir(parents=True, exist_ok=True)
  drawing.save(drawn(model, pictures, shown), path)


def drawn(model: str, pictures: Any, shown: Sequence[Shown]) -> Figure:
  """Draws the figure; arguments are those of `save`."""
  rows, columns = 1 + 2 * len(shown), len(pictures)
  figure = Figure((SIDE * (columns + KEY), SIDE * rows), layout='constrained')
  grid = figure.add_gridspec(
    rows, columns + 1, width_ratios=[*[1] * columns, KEY]
  )
  axes = np.array(
    [[_axis(figure, grid[r, c]) for c in range(columns)] for r in range(rows)]
  )
  figure.suptitle(f'Test pictures and maps of {model}, first seed')
  axes[0, 0].set_ylabel('picture')
  for axis, picture in zip(axes[0], pictures, strict=True):
    axis.imshow(np.squeeze(_visible(picture)), cmap='gray')
  for number, (task, labels, predictions) in enumerate(shown):
    own = slice(1 + 2 * number, 3 + 2 * number)
    key = figure.add_subplot(grid[own, columns])
    key.set_axis_off()
    for axis, name in zip(axes[own, 0], ('truth', 'prediction'), strict=True):
      axis.set_ylabel(f'{task.name}\n{name}')
    maps = np.asarray(labels), np.asarray(predictions)
    show = _vectors if maps[0].ndim == 4 else _numbers
    show(axes[own], key, task, *maps)
  return figure


def _axis(figure: Figure, place: Any) -> Axes:
  return figure.add_subplot(place, xticks=[], yticks=[])


def _visible(picture: Any) -> np.ndarray:
  picture = np.asarray(picture)
  if np.issubdtype(picture.dtype, np.floating):
    return np.clip(np.float32(picture), 0, 1)
  return picture


def _vectors(axes, key: Axes, task: Task, labels, predictions) -> None:
  """Directions, and a ball that has all of them."""
  for row, own in zip(axes, (labels, predictions), strict=True):
    for axis, vectors in zip(row, own, strict=True):
      axis.imshow(colours.directions(vectors))
  ball = key.inset_axes((0, 0.25, 1, 0.5))
  ball.imshow(colours.hemisphere(), extent=(-1, 1, -1, 1))
  ball.set_axis_off()
  ball.set_title('up', fontsize='small', pad=1)
  for place, name in ((-1.05, 'left'), (1.05, 'right')):
    side = 'right' if place < 0 else 'left'
    ball.text(place, 0, name, ha=side, va='center', fontsize='x-small')
  ball.text(0, -1.05, 'down\n(red: none)', ha='center', va='top', fontsize=8)


def _numbers(axes, key: Axes, task: Task, labels, predictions) -> None:
  """Classes or lengths, and their colour bar."""
  scale, bar = _scale(task, labels)
  known = labels >= 0 if _classed(labels) else labels > 0
  truth = np.ma.masked_where(~known, np.float32(labels))
  for row, own in zip(axes, (truth, predictions), strict=True):
    for axis, values in zip(row, own, strict=True):
      image = axis.imshow(values, **scale)
  inset = key.inset_axes((0, 0.05, 0.25, 0.9))
  key.figure.colorbar(image, cax=inset, **bar)


def _classed(labels: np.ndarray) -> bool:
  return np.issubdtype(labels.dtype, np.integer)


def _scale(task: Task, labels: np.ndarray) -> tuple[dict, dict]:
  """Keyword arguments of `imshow` and of the colour bar."""
  if _classed(labels):
    count = task.num_outputs
    limits = {'vmin': -0.5, 'vmax': count - 0.5}
    ticks = np.arange(0, count, max(1, count // 13))
    bar = {'ticks': ticks, 'label': 'class (red: none)'}
    return {'cmap': colours.classes(count), **limits}, bar
  known = np.float32(labels[labels > 0])
  least, most = (known.min(), known.max()) if known.size else (0, 1)
  # Predictions may lie outside the scale of the truth, which the ends show.
  bar = {'extend': 'both', 'label': f'{task.name} (red: none)'}
  return {'cmap': colours.lengths(), 'vmin': least, 'vmax': most}, bar
