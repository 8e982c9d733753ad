"""Landmarks: several points of a picture, each two numbers."""

import numpy as np

from mtl_jax.errors import InputError
from mtl_jax.tasks import numbers, regression
from mtl_jax.tasks.base import Kind, Metric


def make(num_points: int | None = None) -> Kind:
  """Returns the kind; labels `[N, 2 num_points]` are x, y, x, y, ...

  The loss is the squared error of a coordinate, as of a regression.

  Args:
    num_points: at least 1. None infers it from the shape of the labels.

  Raises:
    ValueError: `num_points` is less than 1.
  """
  if num_points is not None and num_points < 1:
    raise ValueError(f'num_points is {num_points}; it must be at least 1')

  def check(values, known):
    del known
    wanted = 2 * num_points if num_points else 0
    shape = values.shape[1:]
    if len(shape) != 1 or shape[0] % 2 or (wanted and shape != (wanted,)):
      raise InputError(
        f'labels are {list(values.shape)} and not [N, {wanted or "2 points"}]; '
        'give x and y of every point in turn'
      )
    return values

  return Kind(
    regression.loss,
    2 * num_points if num_points else 0,
    check,
    {
      'mean_distance': Metric(mean_distance, False, in_label_unit=True),
      'rmse': Metric(
        lambda p, y, w: numbers.rmse(p, y, w),
        False,
        constant=numbers.deviation,
        in_label_unit=True,
      ),
    },
    reference=regression.reference,
    trees=regression.trees,
    infer=infer,
    constant=numbers.variance,
  )


def infer(values, known) -> dict[str, int]:
  """Infers `num_points` from the shape of the labels."""
  del known
  return {'num_points': values.shape[1] // 2} if values.ndim == 2 else {}


def mean_distance(predictions, labels, weights) -> float:
  """Mean distance between predicted and true points.

  Args:
    predictions: `[N, 2 points]`.
    labels: `[N, 2 points]`.
    weights: of the rows, `[N]`.

  Returns:
    A length in the unit of the labels.
  """
  apart = (predictions - labels).reshape(len(labels), -1, 2)
  each = np.sqrt(np.square(apart).sum(-1)).mean(-1)
  return float(each @ weights / weights.sum())
