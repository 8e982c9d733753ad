"""Labels of the tasks of one Fashion-MNIST picture, see `fashion_tasks`."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Integer, UInt8

from mtl_jax.data import base
from mtl_jax.tasks import Task

SIDE = 28  # pixels
FIRST, LAST = 8, 20  # rows and columns of the hidden middle
BLOCKS = 3  # of the hidden middle, on each side
WARM = (2, 4, 9)  # pullover, coat, ankle boot
CHUNK = 5000  # pictures that are floats at once
TASKS = {
  'item': Task('item', 'multiclass', 10),
  'hidden': Task('hidden', 'regression', BLOCKS**2),
  'lean': Task('lean', 'regression'),
  'warm': Task('warm', 'binary'),
}
# Mean and standard deviation over the official training pictures: a fixed unit,
# so that all resplits have the same.
SCALES = {
  'hidden': base.Scale(0.53503, 0.25773, 'of full brightness'),
  'lean': base.Scale(-0.089356, 0.16061),
}


def labelled(
  pictures: UInt8[np.ndarray, 'pictures 28 28'],
  items: Integer[np.ndarray, 'pictures'],
) -> dict[str, np.ndarray]:
  """Returns the pictures without their middle, and the labels of all tasks.

  Args:
    pictures: as published.
    items: their classes.

  Returns:
    `pictures`, `[N, 28, 28, 1]`, and labels by name of the task.
  """
  shown = pictures.copy()
  shown[:, FIRST:LAST, FIRST:LAST] = 0
  return {
    'pictures': shown[..., None],
    'item': items,
    'warm': np.isin(items, WARM).astype(np.int32),
    **{
      name: _standardised(name, _in_parts(of, pictures))
      for name, of in (('hidden', hidden), ('lean', lean))
    },
  }


def hidden(
  pictures: UInt8[np.ndarray, 'pictures 28 28'],
) -> Float[np.ndarray, 'pictures 9']:
  """Returns the mean brightness of each block of the middle, in [0, 1]."""
  size = (LAST - FIRST) // BLOCKS
  middle = pictures[:, FIRST:LAST, FIRST:LAST] / np.float32(255)
  cut = middle.reshape(-1, BLOCKS, size, BLOCKS, size)
  return cut.mean((2, 4)).reshape(-1, BLOCKS**2)


def lean(
  pictures: UInt8[np.ndarray, 'pictures 28 28'],
) -> Float[np.ndarray, 'pictures']:
  """Returns the correlation of x and y weighted by brightness, in [-1, 1].

  A picture without brightness, or all of it in one row or column, has 0.
  """
  weights = pictures.astype(np.float64)
  mass = np.maximum(weights.sum((1, 2)), 1)
  place = np.arange(SIDE) - (SIDE - 1) / 2
  y, x = weights.sum(2), weights.sum(1)  # [N, 28]
  mean_y, mean_x = y @ place / mass, x @ place / mass
  var_y = y @ place**2 / mass - mean_y**2
  var_x = x @ place**2 / mass - mean_x**2
  both = np.einsum('nyx,y,x->n', weights, place, place, optimize=True) / mass
  spread = np.sqrt(np.maximum(var_y * var_x, 0))
  flat = spread < 1e-9
  return np.where(flat, 0, (both - mean_y * mean_x) / np.where(flat, 1, spread))


def _in_parts(of: Callable, pictures: np.ndarray) -> np.ndarray:
  """Applies a function to a few thousand pictures at a time, to save memory."""
  starts = range(0, len(pictures), CHUNK)
  return np.concatenate([of(pictures[i : i + CHUNK]) for i in starts])


def _standardised(name: str, values: np.ndarray) -> np.ndarray:
  scale = SCALES[name]
  return ((values - scale.mean) / scale.std).astype(np.float32)
