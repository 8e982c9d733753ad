"""Metrics of numbers: predictions and labels are `[N]` or `[N, outputs]`."""

import numpy as np

from mtl_jax.tasks.classes import mean


def rmse(predictions, labels, weights) -> float:
  """Root mean squared error, in the label's unit."""
  return mean(_by_row(np.square(predictions - labels)), weights) ** 0.5


def mae(predictions, labels, weights) -> float:
  """Mean absolute error, in the label's unit."""
  return mean(_by_row(np.abs(predictions - labels)), weights)


def r2(predictions, labels, weights) -> float:
  """Share of the label's variance that is explained; mean over outputs."""
  share = weights / weights.sum()
  residual = share @ np.square(predictions - labels)
  return float(np.mean(1 - residual / (share @ _squares(labels, share))))


def _squares(labels, share):
  return np.square(labels - share @ labels)


def _by_row(values: np.ndarray) -> np.ndarray:
  return values if values.ndim == 1 else values.mean(axis=1)
