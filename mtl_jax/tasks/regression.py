"""Regression of one number or several: the predictions are the numbers."""

import jax.numpy as jnp
import numpy as np

from mtl_jax.errors import nearest
from mtl_jax.tasks import boosting, labels, numbers
from mtl_jax.tasks.base import Kind, Linear, Metric


def make(num_outputs: int | None = None, headline: str = 'rmse') -> Kind:
  """Returns the kind; labels are `[N]`, or `[N, num_outputs]` if several.

  Args:
    num_outputs: numbers per row, at least 1. None infers it from the shape of
      the labels.
    headline: the primary metric: 'rmse', 'mae' or 'r2'.

  Raises:
    ValueError: if `num_outputs` is less than 1, or there is no such metric.
  """
  if headline not in METRICS:
    raise ValueError(f'headline is {headline!r}; {nearest(headline, METRICS)}')
  if num_outputs is not None and num_outputs < 1:
    raise ValueError(f'num_outputs is {num_outputs}; it must be at least 1')

  def check(values, known):
    several = num_outputs and num_outputs > 1
    shape = (num_outputs,) if several else ()
    remedy = f'set num_outputs={values[:1].size}, or give such labels'
    if values.shape[1:] == (1,):
      remedy = 'give labels[:, 0]'
    labels.check_shape(values, shape, remedy)
    return values

  return Kind(
    loss,
    num_outputs or 1,
    check,
    {headline: METRICS[headline]} | METRICS,
    reference=reference,
    trees=trees,
    infer=infer,
    constant=numbers.variance,
  )


def loss(predictions, labels):
  """Returns the squared error of each row, `[B]`, the mean over outputs.

  Args:
    predictions: `[B, outputs]`.
    labels: `[B]`, or `[B, outputs]` for several outputs.

  Returns:
    Losses in the label's unit squared.

  Raises:
    ValueError: if the shapes do not match.
  """
  if labels.ndim == 1 and predictions.shape[1] == 1:
    return jnp.square(predictions[:, 0] - labels)
  if labels.shape != predictions.shape or labels.shape[1] == 1:
    raise ValueError(
      f'labels of shape {labels.shape} for {predictions.shape[1]} outputs'
    )
  return jnp.square(predictions - labels).mean(1)


def infer(values, known) -> dict[str, int]:
  """Infers the field `num_outputs` from the shape of the labels.

  Args:
    values: labels of all splits, `[N]` or `[N, d]`.
    known: not used.
  """
  del known
  return {'num_outputs': values.shape[1]} if values.ndim == 2 else {}


def reference(strength, rows, values, weights=None) -> Linear:
  """Fits ridge regression by scikit-learn.

  Args:
    strength: inverse regularisation strength; `alpha` is N / 1000 / strength.
    rows: inputs, `[N, F]`.
    values: labels, `[N]` or `[N, d]`.
    weights: of mean 1, `[N]`, or None.

  Returns:
    The model; it predicts `[N, outputs]`.
  """
  from sklearn.linear_model import Ridge

  model = Ridge(alpha=len(values) / 1000 / strength)
  model.fit(rows, values, weights)
  size = np.size(model.coef_) + np.size(model.intercept_)
  return Linear(lambda x: model.predict(x).reshape(x.shape[0], -1), size)


def trees(setting, rows, values, weights=None):
  """Fits boosted trees, for each output its own; see `base.Kind.trees`."""
  stages = [
    boosting.means(setting, rows, column, 'squared_error', weights)
    for column in values.reshape(len(values), -1).T
  ]
  return lambda x: (
    np.stack(columns, axis=1)
    for columns in zip(*(one(x) for one in stages), strict=True)
  )


def _matched(metric):
  return lambda p, y, w: metric(p.reshape(y.shape), y, w)


METRICS = {
  'rmse': Metric(
    _matched(numbers.rmse),
    False,
    constant=numbers.deviation,
    in_label_unit=True,
  ),
  'mae': Metric(
    _matched(numbers.mae),
    False,
    constant=numbers.absolute_deviation,
    in_label_unit=True,
  ),
  'r2': Metric(_matched(numbers.r2), True, 0.0),
}
