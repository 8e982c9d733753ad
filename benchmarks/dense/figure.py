"""Pictures, and below them maps: the truth and the prediction of each task."""

import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from mtl_jax.report import drawing
from mtl_jax.tasks import Task

SIDE = 1.6  # of a picture, in inches
# Ordered by lightness, so that they are told apart in print and by everybody.
COLOURS = 'cividis'
MISSING = '#cc3311'

Shown = tuple[Task, Any, Any]  # a task, its labels and its predictions


def save(
  path: pathlib.Path, scheme: str, pictures: Any, shown: Sequence[Shown]
) -> None:
  """Draws and writes the figure.

  Args:
    path: of the PNG file.
    scheme: for the title.
    pictures: `[N, H, W, C]`, bytes or floats from 0 to 1.
    shown: labels and predictions of each dense task.
  """
  rows, columns = 1 + 2 * len(shown), len(pictures)
  figure = Figure(
    figsize=(SIDE * (columns + 1), SIDE * rows), layout='constrained'
  )
  axes = figure.subplots(rows, columns, squeeze=False)
  figure.suptitle(f'Test pictures and maps of {scheme}, first seed')
  for axis, picture in zip(axes[0], pictures, strict=True):
    axis.imshow(np.squeeze(picture), cmap='gray')
  axes[0, 0].set_ylabel('picture')
  for number, one in enumerate(shown):
    _maps(figure, axes[1 + 2 * number : 3 + 2 * number], *one)
  for axis in axes.flat:
    axis.set_xticks([])
    axis.set_yticks([])
  path.parent.mkdir(parents=True, exist_ok=True)
  drawing.save(figure, path)


def _maps(
  figure: Figure, axes: np.ndarray, task: Task, labels: Any, predictions: Any
) -> None:
  """Two rows of axes: the truth above the prediction."""
  labels = np.asarray(labels, np.float32)
  for row, name in zip(axes, ('truth', 'prediction'), strict=True):
    row[0].set_ylabel(f'{task.name}\n{name}')
  if labels.ndim == 4:  # Vectors are shown as red, green and blue.
    for own, row in ((labels, axes[0]), (predictions, axes[1])):
      for axis, vectors in zip(row, own, strict=True):
        axis.imshow(np.clip((vectors + 1) / 2, 0, 1))
    return
  known = labels >= 0 if task.kind == 'segmentation' else labels > 0
  least = 0 if task.kind == 'segmentation' else labels[known].min()
  most = task.num_outputs - 1 if least == 0 else labels[known].max()
  scale = {'cmap': COLOURS, 'vmin': least, 'vmax': most}
  for own, row in (
    (np.where(known, labels, np.nan), axes[0]),
    (predictions, axes[1]),
  ):
    for axis, values in zip(row, own, strict=True):
      axis.set_facecolor(MISSING)
      drawn = axis.imshow(values, **scale)
  unit = 'class' if task.kind == 'segmentation' else task.name
  figure.colorbar(drawn, ax=axes[:, -1].tolist(), label=f'{unit} (red: none)')
