"""Ordinal classification by a cumulative link model.

The probability of class c or lower is the sigmoid of the c-th cumulative logit
(McCullagh 1980). The first logit is the first output of the head; each later
one adds the softplus of its own output to the previous logit, so the logits are
ascending for any output. The gaps may depend on the row; if they are the head's
bias alone, this is the proportional odds model.
"""

import jax
import jax.numpy as jnp
import numpy as np

from mtl_jax.tasks import boosting, classes, labels, multiclass, numbers
from mtl_jax.tasks.base import Kind, Metric


def make(num_classes: int | None = None) -> Kind:
  """Returns the kind; labels `[N]` are integers from 0 to `num_classes - 1`.

  Args:
    num_classes: number of classes, at least 2; class 0 is the lowest. None
      infers it from the labels of all splits.

  Raises:
    ValueError: if there are fewer than 2 classes.
  """
  if num_classes is not None and num_classes < 2:
    raise ValueError(f'num_classes is {num_classes}; it must be at least 2')

  def check(values, known):
    count = num_classes or labels.num_classes(values, known)['num_classes']
    return labels.check_classes(
      values, known, count, 'raise num_classes or leave it out'
    )

  return Kind(
    loss,
    num_classes - 1 if num_classes else 0,
    check,
    METRICS | _balanced(num_classes or 2),
    summary=summary,
    trees=_trees(num_classes),
    infer=labels.num_classes,
    constant=classes.entropy,
    predicted=lambda outputs: np.exp(log_probabilities(outputs)),
    classes=tuple(range(num_classes or 0)),
  )


def loss(predictions, labels):
  """Returns the negative log-likelihood of each row, `[B]`, in nats.

  Args:
    predictions: outputs of the head, `[B, C - 1]`.
    labels: class numbers, `[B]`.
  """
  own = jnp.maximum(labels, 0).astype(jnp.int32)[:, None]
  return -jnp.take_along_axis(log_probabilities(predictions), own, axis=1)[:, 0]


def log_probabilities(outputs):
  """Converts outputs `[N, C - 1]` to log-probabilities `[N, C]`.

  It works in NumPy or JAX according to its argument.
  """
  # For b = a + softplus(z), sigmoid(b) - sigmoid(a) equals
  # sigmoid(b) sigmoid(-a) sigmoid(z), a product without cancellation.
  xp = np if isinstance(outputs, np.ndarray) else jnp
  gaps = xp.logaddexp(outputs[:, 1:], xp.zeros_like(outputs[:, 1:]))
  logits = xp.cumsum(xp.concatenate([outputs[:, :1], gaps], axis=1), axis=1)
  none = xp.zeros_like(outputs[:, :1])
  below = xp.concatenate([_log_sigmoid(logits, xp), none], axis=1)
  above = xp.concatenate([none, _log_sigmoid(-logits, xp)], axis=1)
  between = _log_sigmoid(outputs[:, 1:], xp)
  return below + above + xp.concatenate([none, between, none], axis=1)


def outputs(logs):
  """Inverts `log_probabilities`.

  Args:
    logs: log-probabilities `[N, C]`, up to a constant of each row.

  Returns:
    Outputs `[N, C - 1]`.
  """
  below = np.logaddexp.accumulate(logs, axis=1)[:, :-1]
  above = np.logaddexp.accumulate(logs[:, ::-1], axis=1)[:, -2::-1]
  logits = below - above
  # Rounding may leave no gap at a class that is next to impossible.
  gaps = np.maximum(np.diff(logits, axis=1), 1e-6)
  return np.hstack([logits[:, :1], gaps + np.log(-np.expm1(-gaps))])


def _trees(num_classes: int | None):
  def trees(setting, rows, values, weights=None):
    """Fits boosted trees to the classes; see `base.Kind.trees`."""
    stages = boosting.log_probabilities(
      setting, rows, values, num_classes, weights
    )
    return lambda x: map(outputs, stages(x))

  return trees


def _log_sigmoid(x, xp):
  return jax.nn.log_sigmoid(x) if xp is jnp else -np.logaddexp(0, -x)


def summary(predictions, labels, weights) -> classes.Rows:
  """Reduces the predictions to three statistics per row.

  Args:
    predictions: outputs of the head, `[N, outputs]`.
    labels: class numbers, `[N]`.
    weights: not used; the metrics apply them.

  Returns:
    `classes.Rows`, in NumPy or JAX according to the arguments.
  """
  del weights
  return classes.rows(log_probabilities(predictions), labels)


def mae(rows, values, weights) -> float:
  """Returns the mean distance of the predicted class to the label.

  Args:
    rows: statistics of the predictions.
    values: class numbers, `[N]`.
    weights: weights of the rows, `[N]`.

  Returns:
    The weighted mean absolute difference, in classes.
  """
  return numbers.mae(rows.predicted, values, weights)


def _balanced(num_classes: int) -> dict[str, Metric]:
  metric = multiclass.of_classes(classes.balanced_accuracy)
  return {'balanced_accuracy': Metric(metric, True, 1 / num_classes)}


METRICS = {
  'quadratic_kappa': Metric(
    multiclass.of_classes(classes.quadratic_kappa), True, 0.0
  ),
  'accuracy': Metric(multiclass.of_classes(classes.accuracy), True),
  'mae': Metric(mae, False),
  'log_loss': Metric(multiclass.log_loss, False),
  'brier': Metric(multiclass.brier, False),
}
