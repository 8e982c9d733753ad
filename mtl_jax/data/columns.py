"""Scaling fitted on the training rows, and masks of missing labels."""

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
  """Scales columns to mean 0 and standard deviation 1 on the training rows.

  A column that is constant on the training rows is centred and not scaled.

  Args:
    values: `[N, ...]`; the columns are the last axis.
    train: row numbers of the training split.
    columns: names of the columns, for the message.
    name: name of the data, for the message.

  Returns:
    The scaled values, of the same shape.

  Raises:
    InputError: if a value is NaN or infinite.
  """
  # Checked before scaling, which would spread a NaN over its whole column.
  base.finite(values, name, columns)
  return _scaled(values, train)


def _scaled(values, train):
  values = values.astype(np.float64)
  seen = values[train]
  axes = tuple(range(max(1, values.ndim - 1)))
  # `ptp` is exactly 0 for a constant column, whereas `std` may be a rounding
  # error, by which the column would be divided.
  scale = np.where(np.ptp(seen, axis=axes) > 0, seen.std(axis=axes), 1)
  return ((values - seen.mean(axis=axes)) / scale).astype(np.float32)


def regression(
  labels: Shaped[np.ndarray, 'rows'], train: Train
) -> tuple[Float32[np.ndarray, 'rows'], Bool[np.ndarray, 'rows']]:
  """Standardises regression labels, of which NaN ones are missing.

  Args:
    labels: `[N]`, NaN or infinite where missing.
    train: row numbers of the training split, which fit the scaling.

  Returns:
    Labels `[N]`, 0 where missing, and a mask `[N]` of known ones. If no
    training label is known, all labels are 0; `base.check` refuses them later.
  """
  known = np.isfinite(labels)
  if not known[train].any():
    return np.zeros(len(labels), np.float32), known
  scaled = _scaled(labels, train[known[train]])
  return np.where(known, scaled, np.float32(0)), known


def scale(
  labels: Shaped[np.ndarray, 'rows'], train: Train, unit: str = ''
) -> base.Scale:
  """Returns the scale by which `regression` standardises labels.

  Args:
    labels: `[N]`, NaN or infinite where missing.
    train: row numbers of the training split.
    unit: of the labels, such as 'cells/mm3'.

  Returns:
    Mean and standard deviation of the known training labels; 0 and 1 if there
    are none, and a standard deviation of 1 if they are all equal.
  """
  seen = labels[train].astype(np.float64)
  seen = seen[np.isfinite(seen)]
  if not len(seen):
    return base.Scale(0.0, 1.0, unit)
  std = float(seen.std()) if np.ptp(seen) > 0 else 1.0
  return base.Scale(float(seen.mean()), std, unit)


def counts(
  labels: Shaped[np.ndarray, 'rows'],
) -> tuple[Float32[np.ndarray, 'rows'], Bool[np.ndarray, 'rows']]:
  """Returns labels `[N]`, -1 where missing, and a mask of known ones.

  A label is missing if it is NaN or negative.
  """
  labels = labels.astype(np.float32)
  known = labels >= 0  # False for NaN
  return np.where(known, labels, np.float32(-1)), known
