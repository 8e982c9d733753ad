"""Columns of numbers: scaling fitted on the training rows, missing labels."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float32, Integer, Num, Shaped

from mtl_jax.data import base

Train = Integer[np.ndarray, 'train']


def standardise(
  values: Num[np.ndarray, 'rows ...'],
  train: Train,
  columns: Sequence[str] = (),
  name: str = 'inputs',
) -> Float32[np.ndarray, 'rows ...']:
  """Mean 0 and deviation 1 per column (last axis) over the rows `train`.

  A column that is constant there is centred and not scaled.

  Raises:
    InputError: a value is NaN or infinite; `name` of the data and `columns`
      are for the message.
  """
  # Scaling would spread it over the column, and a split has its own rows.
  base.finite(values, name, columns)
  return _scaled(values, train)


def _scaled(values, train):
  values = values.astype(np.float64)
  seen = values[train]
  axes = tuple(range(max(1, values.ndim - 1)))
  scale = np.where(np.ptp(seen, axis=axes) > 0, seen.std(axis=axes), 1)
  return ((values - seen.mean(axis=axes)) / scale).astype(np.float32)


def regression(
  labels: Shaped[np.ndarray, 'rows'], train: Train
) -> tuple[Float32[np.ndarray, 'rows'], Bool[np.ndarray, 'rows']]:
  """Standardised labels and where they are known; 0 stands for NaN.

  Without a known training label all are 0; `base.check` refuses that later.
  """
  known = np.isfinite(labels)
  if not known[train].any():
    return np.zeros(len(labels), np.float32), known
  scaled = _scaled(labels, train[known[train]])
  return np.where(known, scaled, np.float32(0)), known


def counts(
  labels: Shaped[np.ndarray, 'rows'],
) -> tuple[Float32[np.ndarray, 'rows'], Bool[np.ndarray, 'rows']]:
  """Whole or real numbers >= 0 and where they are known; else -1."""
  labels = labels.astype(np.float32)
  known = labels >= 0  # False for NaN
  return np.where(known, labels, np.float32(-1)), known
