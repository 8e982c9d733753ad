"""One of several classes: predictions are their logits."""

import jax.numpy as jnp
import numpy as np
import optax

from mtl_jax.tasks import classes, labels
from mtl_jax.tasks.base import Kind, Linear, Metric


def make(num_classes: int | None = None) -> Kind:
  """Labels `[N]` are whole numbers from 0 to `num_classes - 1`.

  Where `num_classes` is not given it is found from the labels of all splits.
  """
  if num_classes is not None and num_classes < 2:
    raise ValueError(f'num_classes is {num_classes}; two at least')

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
    found=labels.num_classes,
  )


def loss(predictions, labels):
  """Cross-entropy of class logits, in nats."""
  # A masked label is -1, which must not be used as an index.
  own = jnp.maximum(labels, 0).astype(jnp.int32)
  return optax.softmax_cross_entropy_with_integer_labels(predictions, own)


def summary(predictions, labels, weights) -> classes.Rows:
  """Three numbers of a row, however many classes there are."""
  del weights  # What counts how much is the metrics' matter.
  return classes.rows(classes.log_softmax(predictions), labels)


def metrics(num_classes: int) -> dict[str, Metric]:
  """By name, of `classes.Rows`."""
  return {
    'accuracy': Metric(of_classes(classes.accuracy), True),
    'macro_f1': Metric(of_classes(classes.macro_f1), True),
    'log_loss': Metric(log_loss, False),
    'balanced_accuracy': Metric(
      of_classes(classes.balanced_accuracy), True, 1 / num_classes
    ),
    'brier': Metric(brier, False),
  }


def of_classes(metric):
  """A metric of predicted classes as one of `classes.Rows`."""
  return lambda rows, y, w: metric(rows.predicted, y, w)


def log_loss(rows, labels, weights) -> float:
  """Mean negative log-likelihood, in nats."""
  return classes.mean(-rows.log_likelihood, weights)


def brier(rows, labels, weights) -> float:
  """Mean squared distance of probabilities to the truth: 0 to 2."""
  return classes.mean(rows.brier, weights)


def _reference(num_classes: int | None):
  def reference(strength, rows, values) -> Linear:
    """Logistic regression, its inverse regularisation `strength`."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, max_iter=300, tol=1e-3)
    model.fit(rows, values)

    def predict(rows):
      # A class that no training row has keeps probability 0.
      outputs = np.full((rows.shape[0], num_classes), -np.inf)
      outputs[:, model.classes_.astype(int)] = model.predict_log_proba(rows)
      return outputs

    return Linear(predict, model.coef_.size + model.intercept_.size)

  return reference
