"""Binary classification: the prediction is one logit."""

import numpy as np
import optax

from mtl_jax.tasks import boosting, classes, labels, ranks
from mtl_jax.tasks.base import Kind, Linear, Metric


def make() -> Kind:
  """Returns the kind; labels `[N]` are 0 or 1."""
  return Kind(
    loss,
    1,
    check,
    METRICS,
    reference=reference,
    trees=trees,
    constant=classes.entropy,
    predicted=predicted,
    classes=(1,),
  )


def loss(predictions, labels):
  """Returns the cross-entropy of each row, `[B]`, in nats.

  Args:
    predictions: logits, `[B, 1]`.
    labels: 0 or 1, `[B]`.
  """
  return optax.sigmoid_binary_cross_entropy(predictions[:, 0], labels)


def check(values, known):
  """Returns the labels if every known one is 0 or 1.

  Args:
    values: labels, `[N]`.
    known: bool `[N]`, True where the label is known.

  Raises:
    InputError: if a known label is neither; it names the row and the remedy.
  """
  labels.check_shape(values, (), 'give one number per row, 0 or 1')
  bad = known & (values != 0) & (values != 1)
  seen = set(np.unique(values[known]).tolist())
  # Two common encodings, for which the remedy can be exact.
  known_codes = {
    (-1, 1): 'labels are -1 and 1: give (labels + 1) / 2',
    (1, 2): 'labels are 1 and 2: give labels - 1',
  }
  remedy = next((v for k, v in known_codes.items() if seen == set(k)), '')
  remedy = remedy or 'give 1 for yes and 0 for no, or use kind multiclass'
  labels.refuse(bad, values, f'a binary label is 0 or 1; {remedy}')
  return values


def predicted(outputs):
  """Converts logits `[N, 1]` to probabilities of class 1, `[N, 1]`."""
  return np.exp(-np.logaddexp(0, -outputs))


def reference(strength, rows, values, weights=None) -> Linear:
  """Fits logistic regression by scikit-learn.

  Args:
    strength: inverse regularisation strength, scikit-learn's `C`.
    rows: inputs, `[N, F]`.
    values: labels 0 or 1, `[N]`.
    weights: of mean 1, `[N]`, or None.

  Returns:
    The model; it predicts logits `[N, 1]`.
  """
  from sklearn.linear_model import LogisticRegression

  model = LogisticRegression(C=strength, max_iter=300, tol=1e-3)
  model.fit(rows, values, weights)
  return Linear(
    lambda rows: model.decision_function(rows)[:, None],
    model.coef_.size + model.intercept_.size,
  )


def trees(setting, rows, values, weights=None):
  """Fits boosted trees; see `base.Kind.trees`. They predict logits."""
  stages = boosting.log_probabilities(setting, rows, values, 2, weights)
  return lambda x: (logs[:, 1:] - logs[:, :1] for logs in stages(x))


def log_loss(predictions, values, weights) -> float:
  """Returns the weighted mean cross-entropy, in nats.

  Args:
    predictions: logits, `[N, 1]`.
    values: labels 0 or 1, `[N]`.
    weights: weights of the rows, `[N]`.
  """
  z = predictions[:, 0]
  return classes.mean(np.logaddexp(0, z) - z * values, weights)


def brier(predictions, values, weights) -> float:
  """Returns the mean squared error of the probability (Brier 1950).

  Args:
    predictions: logits, `[N, 1]`.
    values: labels 0 or 1, `[N]`.
    weights: weights of the rows, `[N]`.
  """
  probability = 1 / (1 + np.exp(-predictions[:, 0]))
  return classes.mean(np.square(probability - values), weights)


def _of_scores(metric):
  return lambda p, y, w: metric(p[:, 0], y, w)


def _of_classes(metric):
  return lambda p, y, w: metric(p[:, 0] > 0, y, w)


METRICS = {
  'auc': Metric(_of_scores(ranks.auc), True, 0.5),
  'accuracy': Metric(_of_classes(classes.accuracy), True),
  'macro_f1': Metric(_of_classes(classes.macro_f1), True),
  'log_loss': Metric(log_loss, False),
  'average_precision': Metric(_of_scores(ranks.average_precision), True),
  'balanced_accuracy': Metric(
    _of_classes(classes.balanced_accuracy), True, 0.5
  ),
  'brier': Metric(brier, False),
}
