"""Columns of numbers: scaling fitted on the training rows, missing labels."""

import numpy as np
from jaxtyping import Bool, Float32, Integer, Num

Train = Integer[np.ndarray, 'train']


def standardise(
  values: Num[np.ndarray, 'rows ...'], train: Train
) -> Float32[np.ndarray, 'rows ...']:
  """Mean 0 and deviation 1 per column over the rows `train`.

  A column that is constant there is centred and not scaled.
  """
  values = values.astype(np.float64)
  seen = values[train]
  scale = np.where(np.ptp(seen, axis=0) > 0, seen.std(axis=0), 1)
  return ((values - seen.mean(axis=0)) / scale).astype(np.float32)


def regression(
  labels: Num[np.ndarray, 'rows'], train: Train
) -> tuple[Float32[np.ndarray, 'rows'], Bool[np.ndarray, 'rows']]:
  """Standardised labels and where they are known; 0 stands for NaN."""
  known = np.isfinite(labels)
  scaled = standardise(labels, train[known[train]])
  return np.where(known, scaled, np.float32(0)), known
