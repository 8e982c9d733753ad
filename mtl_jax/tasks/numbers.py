"""Regression metrics of predictions and labels `[N]` or `[N, outputs]`."""

import numpy as np

from mtl_jax.tasks.classes import mean


def rmse(predictions, labels, weights) -> float:
  """Returns the root mean squared error, in the label's unit.

  Args:
    predictions: `[N]` or `[N, outputs]`.
    labels: of the same shape.
    weights: weights of the rows, `[N]`.
  """
  return mean(_by_row(np.square(predictions - labels)), weights) ** 0.5


def mae(predictions, labels, weights) -> float:
  """Returns the mean absolute error, in the label's unit.

  Args:
    predictions: `[N]` or `[N, outputs]`.
    labels: of the same shape.
    weights: weights of the rows, `[N]`.
  """
  return mean(_by_row(np.abs(predictions - labels)), weights)


def r2(predictions, labels, weights) -> float:
  """Returns the coefficient of determination R^2, the mean over outputs.

  Args:
    predictions: `[N]` or `[N, outputs]`.
    labels: of the same shape.
    weights: weights of the rows, `[N]`.
  """
  share = weights / weights.sum()
  residual = share @ np.square(predictions - labels)
  return float(np.mean(1 - residual / (share @ _squares(labels, share))))


def variance(labels, weights) -> float:
  """Returns the weighted variance, the mean over outputs.

  It is the squared error of the best constant prediction.

  Args:
    labels: `[N]` or `[N, outputs]`.
    weights: weights of the rows, `[N]`.
  """
  share = weights / weights.sum()
  return float(np.mean(share @ _squares(labels, share)))


def deviation(labels, weights) -> float:
  """Returns the square root of `variance`, in the label's unit."""
  return variance(labels, weights) ** 0.5


def absolute_deviation(labels, weights) -> float:
  """Returns the mean absolute error of the weighted median, over outputs.

  Args:
    labels: `[N]` or `[N, outputs]`.
    weights: weights of the rows, `[N]`.
  """
  columns = labels.reshape(len(labels), -1)
  order = np.argsort(columns, axis=0)
  passed = np.cumsum(weights[order], axis=0) >= weights.sum() / 2
  middle = order[passed.argmax(axis=0), np.arange(columns.shape[1])]
  medians = columns[middle, np.arange(columns.shape[1])]
  share = weights / weights.sum()
  return float(np.mean(share @ np.abs(columns - medians[None])))


def _squares(labels, share):
  """Returns squared deviations from the weighted mean."""
  # The mean of equal labels may be rounded; their deviations are exactly 0.
  equal = (labels == labels[:1]).all(axis=0)
  return np.square(labels - np.where(equal, labels[0], share @ labels))


def _by_row(values: np.ndarray) -> np.ndarray:
  """Averages over outputs, if there are several."""
  return values if values.ndim == 1 else values.mean(axis=1)
