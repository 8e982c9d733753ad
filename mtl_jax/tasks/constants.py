"""Losses and metrics of the best constant prediction, as units of a score.

Losses of tasks differ in unit: a squared error in the label's unit, nats, half
a deviance that grows with the counts. A loss divided by that of the best
constant prediction has none: 1 is a model that ignores its inputs.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy import optimize

from mtl_jax.errors import InputError
from mtl_jax.tasks import Task, scores

PIXELS = 2_000_000  # about as many are read of label maps


def loss_scale(
  task: Task, labels: Any, mask: Any, weights: Any = None
) -> float:
  """Returns the weighted mean loss of the best constant prediction.

  Args:
    task: the task; a kind without `constant` is minimised numerically.
    labels: of the training split, `[N]` or `[N, d]`; or maps, see `thinned`.
    mask: bool `[N]`, True where the label is known.
    weights: of the rows, `[N]`; None is 1 for every row.

  Returns:
    A positive number. It is 1 where a constant predicts every label, so that
    the loss itself is the score.

  Raises:
    InputError: the kind's `constant` raised an error.
  """
  labels, weights = _known(task, labels, mask, weights)
  if not len(labels) or (labels == labels[:1]).all():
    return 1.0
  try:
    found = _loss(task, labels, weights)
  except Exception as error:  # A user's kind may raise anything.
    text = ' '.join(f'{type(error).__name__}: {error}'.split())[:200]
    raise InputError(
      f'task {task.name!r}: the loss of a constant prediction on its training '
      f'labels raised {text}; mend `constant` of kind {task.kind!r}'
    ) from error
  return float(found) if np.isfinite(found) and found > 0 else 1.0


def metric_scale(
  task: Task, labels: Any, mask: Any, weights: Any = None
) -> float:
  """Returns how far an uninformative prediction is from a perfect one.

  It is in the unit of the headline metric, see `error`.

  Args:
    task: the task.
    labels: of the training split, `[N]` or `[N, d]`.
    mask: bool `[N]`, True where the label is known.
    weights: of the rows, `[N]`; None is 1 for every row.

  Returns:
    A positive number: of a metric of which higher is better, 1 less its value
    by chance or of the best constant, else that value; 1 where neither is
    known, so that the metric is counted in its own unit.
  """
  metric = next(iter(task.metrics.values()))
  value = metric.chance
  if value is None and metric.constant:
    known, weights = _known(task, labels, mask, weights)
    # Class numbers of maps, which are many, stay integers.
    known = _wide(known) if task.dense else known.astype(np.float64)
    value = metric.constant(known, weights)
  if value is None:
    return 1.0
  scale = 1 - value if metric.higher_is_better else value
  return float(scale) if np.isfinite(scale) and scale > 0 else 1.0


def error(task: Task, values: Any, scale: Any) -> Any:
  """Converts the headline metric so that 0 is perfect and 1 uninformative.

  Args:
    task: the task.
    values: of its headline metric, an array or a number.
    scale: from `metric_scale`, of the same shape or a number.
  """
  metric = next(iter(task.metrics.values()))
  return (1 - values if metric.higher_is_better else values) / scale


def minimised(
  loss: Callable,
  outputs: int,
  labels: np.ndarray,
  weights: np.ndarray,
  positions: tuple[int, ...] = (),
) -> float:
  """Minimises a mean loss over constant predictions, from zeros.

  Args:
    loss: of a `Kind`.
    outputs: number of outputs of a prediction.
    labels: of known rows, `[N]` or `[N, d]`; or maps.
    weights: of the rows, `[N]`.
    positions: `(H, W)` of predictions that are maps.

  Returns:
    The smallest mean loss that was found, at most that of zeros.
  """

  shape = len(labels), *positions, outputs

  def value(x):
    found, slope = _slope(loss, shape, jnp.float32(x), labels, weights)
    return float(found), np.asarray(slope, np.float64)

  start = np.zeros(outputs)
  found = optimize.minimize(value, start, jac=True, method='L-BFGS-B')
  return min(float(found.fun), value(start)[0])


def thinned(labels: Any, most: int = PIXELS) -> Any:
  """Returns every s-th pixel of every s-th line of maps with many pixels.

  A unit need not be exact, and all pixels of a published data set would take
  gigabytes more than the data.

  Args:
    labels: `[N, H, W, ...]`, of numpy or JAX.
    most: how many pixels are many.

  Returns:
    About `most` of the pixels, of all pictures; or all where they are fewer.
  """
  pixels = math.prod(labels.shape[:3])
  step = max(1, math.ceil((pixels / most) ** 0.5))
  return labels[:, ::step, ::step]


@functools.partial(jax.jit, static_argnums=(0, 1))
def _slope(loss, shape, x, labels, weights):
  def mean(x):
    rows = jnp.broadcast_to(x, shape)
    return loss(rows, labels) @ weights / weights.sum()

  return jax.value_and_grad(mean)(x)


def _known(task, labels, mask, weights) -> tuple[np.ndarray, np.ndarray]:
  """Returns labels that are known and have a weight, and their weights."""
  labels = thinned(np.asarray(labels)) if task.dense else np.asarray(labels)
  weights = scores.weights(np.asarray(mask, bool), weights)
  known = weights > 0
  return labels[known], weights[known].astype(np.float64)


def _loss(task: Task, labels: np.ndarray, weights: np.ndarray) -> float:
  kind = task.made
  if kind.constant is not None:
    return kind.constant(_wide(labels), weights)
  own = np.float32(labels) if labels.dtype.kind == 'f' else labels
  positions = own.shape[1:3] if task.dense else ()
  counted = np.float32(task.row_weights(own, weights))
  return minimised(kind.loss, task.num_outputs, own, counted, positions)


def _wide(labels: np.ndarray) -> np.ndarray:
  return labels.astype(np.float64) if labels.dtype.kind == 'f' else labels
