"""Depth: the predictions are maps of distances."""

import jax.numpy as jnp
import numpy as np

from mtl_jax.tasks import label_maps
from mtl_jax.tasks.base import Kind, Metric

SUMS = (
  *('pixels', 'absolute', 'relative', 'squared'),
  *('delta1', 'delta2', 'delta3'),
)
RATIO = 1.25


def make(averaging: str = 'pixels', metric_batch: int = 2) -> Kind:
  """Returns the kind; labels `[N, H, W]` are positive, 0 is missing.

  Args:
    averaging: `pixels`, as LibMTL: the mean over all labelled pixels of the
      split; `batches`, as CAGrad, Nash-MTL and FAMO: over those of a batch,
      then over batches.
    metric_batch: pictures of a batch of `batches`.

  Raises:
    ValueError: a field is not valid.
  """
  label_maps.check_averaging(averaging, metric_batch)

  def mean(name, finish=float):
    def metric(sums):
      return finish(sums[SUMS.index(name)] / sums[0])

    return label_maps.averaged(metric, averaging, metric_batch)

  return Kind(
    loss,
    1,
    check,
    {
      'abs_error': Metric(
        mean('absolute'), False, constant=deviation, in_label_unit=True
      ),
      'rel_error': Metric(mean('relative'), False),
      'rmse': Metric(mean('squared', np.sqrt), False, in_label_unit=True),
      **{f'delta{i}': Metric(mean(f'delta{i}'), True) for i in (1, 2, 3)},
    },
    head='dense',
    counts=counts,
    summary=summary,
    moved=moved,
    constant=deviation,
    predicted=lambda outputs: outputs[..., 0],
  )


def loss(predictions, labels):
  """Returns the mean absolute error over labelled pixels, `[B]`.

  Args:
    predictions: `[B, H, W, 1]`.
    labels: `[B, H, W]`; 0 is missing.

  Returns:
    Losses in the unit of the labels.
  """
  known = labels > 0
  each = jnp.abs(predictions[..., 0] - labels)
  total = jnp.where(known, each, 0).sum((1, 2))
  return total / jnp.maximum(known.sum((1, 2)), 1)


def counts(labels):
  """Returns the number of labelled pixels of each picture, `[B]`."""
  return (labels > 0).sum((1, 2))


def summary(predictions, labels, weights):
  """Returns sums over the labelled pixels of each picture, `[B, 7]`.

  Args:
    predictions: `[B, H, W, 1]`, in NumPy or JAX.
    labels: `[B, H, W]`; 0 is missing.
    weights: not used; the metrics apply them.

  Returns:
    Number of pixels; sums of absolute, relative and squared errors; numbers of
    pixels at which the ratio of depth and prediction, or its inverse, is below
    1.25, its square and its cube (Eigen, Puhrsch, Fergus, NeurIPS 2014).
  """
  del weights
  xp = np if isinstance(predictions, np.ndarray) else jnp
  known = labels > 0
  true = xp.where(known, labels, 1).astype(predictions.dtype)
  found = predictions[..., 0]
  error = xp.abs(found - true)
  near = [
    (found < RATIO**i * true) & (true < RATIO**i * found) for i in (1, 2, 3)
  ]
  each = [xp.ones_like(error), error, error / true, error**2, *near]
  sums = [xp.where(known, x, 0).sum((1, 2)) for x in each]
  return xp.stack([x.astype(predictions.dtype) for x in sums], axis=1)


def moved(labels, scale, flipped):
  """An enlarged picture shows what is nearer."""
  del flipped
  return (labels / scale).astype(labels.dtype)


def check(values, known) -> np.ndarray:
  """Returns depth maps if they are positive or 0.

  Raises:
    InputError: they are not; it names the first picture and pixel.
  """
  label_maps.check_shape(values, 0, 'give one depth per pixel')
  bad = ~np.isfinite(values) | (values < 0)
  label_maps.refuse(
    bad, values, known, 'depths are positive; set a missing pixel to 0'
  )
  label_maps.check_some(values > 0, known, '0')
  return values


def deviation(labels, weights) -> float:
  """Loss of the best constant prediction: the mean distance to the median."""
  known = labels > 0
  values = labels[known].astype(np.float64)
  each = np.broadcast_to(weights[:, None, None], known.shape)[known]
  order = np.argsort(values)
  half = np.searchsorted(each[order].cumsum(), each.sum() / 2)
  median = values[order[min(half, len(order) - 1)]]
  return float(np.average(np.abs(values - median), weights=each))
