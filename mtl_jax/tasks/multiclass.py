"""Multiclass classification: the predictions are logits of the classes."""

import jax.numpy as jnp
import numpy as np
import optax

from mtl_jax.tasks import boosting, classes, labels
from mtl_jax.tasks.base import Kind, Linear, Metric


def make(num_classes: int | None = None) -> Kind:
  """Returns the kind; labels `[N]` are integers from 0 to `num_classes - 1`.

  Args:
    num_classes: number of classes, at least 2. None infers it from the labels
      of all splits.

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
    num_classes or 0,
    check,
    metrics(num_classes or 2),
    summary=summary,
    reference=_reference(num_classes),
    trees=_trees(num_classes),
    infer=labels.num_classes,
    constant=classes.entropy,
    predicted=lambda outputs: np.exp(classes.log_softmax(outputs)),
    classes=tuple(range(num_classes or 0)),
  )


def loss(predictions, labels):
  """Returns the cross-entropy of each row, `[B]`, in nats.

  Args:
    predictions: logits, `[B, C]`.
    labels: class numbers, `[B]`.
  """
  # A masked label may be -1, which must not be used as an index.
  own = jnp.maximum(labels, 0).astype(jnp.int32)
  return optax.softmax_cross_entropy_with_integer_labels(predictions, own)


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
  return classes.rows(classes.log_softmax(predictions), labels)


def metrics(num_classes: int) -> dict[str, Metric]:
  """Returns the metrics by name; each takes `classes.Rows`."""
  return {
    'accuracy': Metric(
      of_classes(classes.accuracy), True, constant=classes.majority
    ),
    'macro_f1': Metric(of_classes(classes.macro_f1), True),
    'log_loss': Metric(log_loss, False),
    'balanced_accuracy': Metric(
      of_classes(classes.balanced_accuracy), True, 1 / num_classes
    ),
    'brier': Metric(brier, False),
  }


def of_classes(metric):
  """Converts a metric of predicted classes to one of `classes.Rows`."""
  return lambda rows, y, w: metric(rows.predicted, y, w)


def log_loss(rows, labels, weights) -> float:
  """Returns the weighted mean negative log-likelihood, in nats.

  Args:
    rows: statistics of the predictions.
    labels: class numbers, `[N]`.
    weights: weights of the rows, `[N]`.
  """
  return classes.mean(-rows.log_likelihood, weights)


def brier(rows, labels, weights) -> float:
  """Returns the weighted mean Brier score, between 0 and 2.

  Args:
    rows: statistics of the predictions.
    labels: class numbers, `[N]`.
    weights: weights of the rows, `[N]`.
  """
  return classes.mean(rows.brier, weights)


def _reference(num_classes: int | None):
  def reference(strength, rows, values, weights=None) -> Linear:
    """Fits logistic regression; see `binary.reference`."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, max_iter=300, tol=1e-3)
    model.fit(rows, values, weights)

    def predict(rows):
      # A class without a training row has probability 0.
      outputs = np.full((rows.shape[0], num_classes), -np.inf)
      outputs[:, model.classes_.astype(int)] = model.predict_log_proba(rows)
      return outputs

    return Linear(predict, model.coef_.size + model.intercept_.size)

  return reference


def _trees(num_classes: int | None):
  def trees(setting, rows, values, weights=None):
    """Fits boosted trees; see `base.Kind.trees`."""
    return boosting.log_probabilities(
      setting, rows, values, num_classes, weights
    )

  return trees
