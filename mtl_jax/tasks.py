"""Tasks: what is predicted, its masked loss and its exact metrics.

Predictions are `[B, num_outputs]`: one logit (binary), class logits
(multiclass), the value (regression) or the log-rate (count). Labels are `[B]`.
A label that is missing is masked out; what it holds does not matter.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Num

from mtl_jax.errors import InputError, nearest

Predictions = Float[Array, 'batch outputs']
Labels = Num[Array, 'batch']
Mask = Bool[Array, 'batch']
Scalar = Float[Array, '']


class Metric(NamedTuple):
  """`compute(predictions, labels, mask) -> ()`, and which way is better."""

  compute: Callable[[Predictions, Labels, Mask], Scalar]
  higher_is_better: bool


class Task(NamedTuple):
  """One task. `kind` is binary, multiclass, regression or count."""

  name: str
  kind: str
  num_outputs: int = 1

  @property
  def metrics(self) -> dict[str, Metric]:
    """The metrics of this kind by name; the first one is the headline."""
    return _METRICS[self.kind]

  def loss(self, predictions, labels, mask) -> Scalar:
    """The mean loss over valid labels; 0 where no label is valid."""
    # A NaN behind the mask must reach neither the value nor the gradient.
    labels = jnp.where(mask, labels, 0)
    return _mean(_LOSSES[self.kind](predictions, labels), mask)


def check(tasks: tuple[Task, ...]) -> None:
  """Raises `InputError` for an unknown kind or a repeated name."""
  for task in tasks:
    if task.kind not in _LOSSES:
      raise InputError(
        f'task {task.name!r}: unknown kind {task.kind!r}; '
        + nearest(task.kind, _LOSSES)
      )
  names = [task.name for task in tasks]
  if len(set(names)) < len(names):
    raise InputError(f'two tasks share a name: {names}')


def _mean(values: Float[Array, 'batch'], mask: Mask) -> Scalar:
  total = jnp.where(mask, values, 0).sum()
  return total / jnp.maximum(mask.sum(), 1)


def _column(predictions: Predictions) -> Float[Array, 'batch']:
  return predictions[:, 0]


def binary_loss(predictions: Predictions, labels: Labels):
  """Cross-entropy of one logit, in nats."""
  return optax.sigmoid_binary_cross_entropy(_column(predictions), labels)


def multiclass_loss(predictions: Predictions, labels: Labels):
  """Cross-entropy of class logits, in nats."""
  # A masked label is -1, which must not be used as an index.
  classes = jnp.maximum(labels, 0).astype(jnp.int32)
  return optax.softmax_cross_entropy_with_integer_labels(predictions, classes)


def regression_loss(predictions: Predictions, labels: Labels):
  """Squared error, in the label's unit squared."""
  return jnp.square(_column(predictions) - labels)


def count_loss(predictions: Predictions, labels: Labels):
  """Poisson negative log-likelihood of a log-rate, without log(label!)."""
  log_rate = _column(predictions)
  return jnp.exp(log_rate) - labels * log_rate


def auc(predictions: Predictions, labels: Labels, mask: Mask) -> Scalar:
  """Area under the ROC curve, ties counted half; NaN with one class only."""
  scores = _column(predictions)
  positive, negative = mask & (labels == 1), mask & (labels != 1)
  ranked = jnp.sort(jnp.where(negative, scores, jnp.inf))
  count = negative.sum()
  below = jnp.minimum(jnp.searchsorted(ranked, scores, side='left'), count)
  up_to = jnp.minimum(jnp.searchsorted(ranked, scores, side='right'), count)
  # Shares, not counts: the number of pairs overflows 32 bits.
  wins = jnp.where(positive, (below + up_to) / (2 * count), 0)
  return wins.sum() / positive.sum()


def accuracy(predictions: Predictions, labels: Labels, mask: Mask) -> Scalar:
  """Share of valid labels that are predicted."""
  return _mean((_classes(predictions) == labels).astype(jnp.float32), mask)


def macro_f1(predictions: Predictions, labels: Labels, mask: Mask) -> Scalar:
  """Mean F1 over the classes that occur as a label or as a prediction."""
  num_classes = max(predictions.shape[1], 2)
  predicted = jax.nn.one_hot(_classes(predictions), num_classes)
  actual = jax.nn.one_hot(labels.astype(jnp.int32), num_classes)
  valid = mask[:, None]
  hits = jnp.where(valid, predicted * actual, 0).sum(0)
  sizes = jnp.where(valid, predicted + actual, 0).sum(0)
  scores = 2 * hits / jnp.maximum(sizes, 1)
  return scores.sum() / (sizes > 0).sum()


def rmse(predictions: Predictions, labels: Labels, mask: Mask) -> Scalar:
  """Root mean squared error, in the label's unit."""
  return jnp.sqrt(_mean(regression_loss(predictions, labels), mask))


def mae(predictions: Predictions, labels: Labels, mask: Mask) -> Scalar:
  """Mean absolute error, in the label's unit."""
  return _mean(jnp.abs(_column(predictions) - labels), mask)


def r2(predictions: Predictions, labels: Labels, mask: Mask) -> Scalar:
  """Share of the label's variance that is explained."""
  residual = _mean(regression_loss(predictions, labels), mask)
  variance = _mean(jnp.square(labels - _mean(labels, mask)), mask)
  return 1 - residual / variance


def poisson_deviance(predictions, labels, mask) -> Scalar:
  """Mean Poisson deviance of a log-rate; 0 is perfect."""
  log_rate = _column(predictions)
  at_zero = jnp.where(labels > 0, labels, 1)
  log_ratio = jnp.where(labels > 0, jnp.log(at_zero) - log_rate, 0)
  return _mean(2 * (labels * log_ratio - labels + jnp.exp(log_rate)), mask)


def _classes(predictions: Predictions) -> Num[Array, 'batch']:
  if predictions.shape[1] == 1:
    return (_column(predictions) > 0).astype(jnp.int32)
  return predictions.argmax(axis=1)


def _loss_metric(loss) -> Metric:
  def compute(predictions, labels, mask):
    return _mean(loss(predictions, labels), mask)

  return Metric(compute, higher_is_better=False)


_LOSSES = {
  'binary': binary_loss,
  'multiclass': multiclass_loss,
  'regression': regression_loss,
  'count': count_loss,
}

_METRICS = {
  'binary': {
    'auc': Metric(auc, True),
    'accuracy': Metric(accuracy, True),
    'macro_f1': Metric(macro_f1, True),
    'log_loss': _loss_metric(binary_loss),
  },
  'multiclass': {
    'accuracy': Metric(accuracy, True),
    'macro_f1': Metric(macro_f1, True),
    'log_loss': _loss_metric(multiclass_loss),
  },
  'regression': {
    'rmse': Metric(rmse, False),
    'mae': Metric(mae, False),
    'r2': Metric(r2, True),
  },
  'count': {
    'poisson_deviance': Metric(poisson_deviance, False),
    'rmse': Metric(lambda p, y, m: rmse(jnp.exp(p), y, m), False),
    'mae': Metric(lambda p, y, m: mae(jnp.exp(p), y, m), False),
  },
}
