"""Classification metrics of predicted class numbers `[N]` and labels `[N]`."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np


class Rows(NamedTuple):
  """The statistics of class probabilities that metrics need, each `[N]`.

  Attributes:
    predicted: the most probable class.
    log_likelihood: log-probability of the label, in nats.
    brier: the squared distance between the probabilities and the one-hot label
      (Brier 1950), between 0 and 2.
  """

  predicted: Any
  log_likelihood: Any
  brier: Any


def rows(logs: Any, labels: Any) -> Rows:
  """Computes the statistics of each row from log-probabilities.

  Args:
    logs: log-probabilities `[N, C]`, in NumPy or JAX; the result is alike.
    labels: class numbers `[N]`; a negative one is read as class 0, so that a
      masked label is a valid index.
  """
  xp = np if isinstance(logs, np.ndarray) else jnp
  own = xp.maximum(labels, 0).astype(np.int32)[:, None]
  chosen = xp.take_along_axis(logs, own, axis=1)[:, 0]
  # |p - onehot|^2 expanded, so that no [N, C] one-hot array is needed.
  squares = xp.square(xp.exp(logs)).sum(axis=1)
  brier = squares - 2 * xp.exp(chosen) + 1
  return Rows(logs.argmax(axis=1).astype(np.int32), chosen, brier)


def log_softmax(logits: Any) -> Any:
  """Returns log-probabilities of logits `[N, C]`, in NumPy or JAX alike."""
  xp = np if isinstance(logits, np.ndarray) else jnp
  shifted = logits - logits.max(axis=1, keepdims=True)
  return shifted - xp.log(xp.exp(shifted).sum(axis=1, keepdims=True))


def mean(values: np.ndarray, weights: np.ndarray) -> float:
  """Returns the weighted mean.

  Args:
    values: `[N]`.
    weights: `[N]`, not all 0.
  """
  return float(values @ weights / weights.sum())


def shares(labels, weights) -> np.ndarray:
  """Returns the shares of the classes that occur.

  Args:
    labels: class numbers, `[N]`.
    weights: weights of the rows, `[N]`.
  """
  sums = np.bincount(labels.astype(int), weights)
  return sums[sums > 0] / sums.sum()


def entropy(labels, weights) -> float:
  """Returns the entropy of the class shares, in nats.

  It is the cross-entropy of the best constant prediction.

  Args:
    labels: class numbers, `[N]`.
    weights: weights of the rows, `[N]`.
  """
  each = shares(labels, weights)
  return float(-(each * np.log(each)).sum())


def majority(labels, weights) -> float:
  """Returns the share of the most frequent class.

  Args:
    labels: class numbers, `[N]`.
    weights: weights of the rows, `[N]`.
  """
  return float(shares(labels, weights).max())


def accuracy(predicted, labels, weights) -> float:
  """Returns the share of rows whose class is predicted correctly.

  Args:
    predicted: class numbers, `[N]`.
    labels: class numbers, `[N]`.
    weights: weights of the rows, `[N]`.
  """
  return mean(predicted == labels, weights)


def balanced_accuracy(predicted, labels, weights) -> float:
  """Returns the mean recall over the classes that occur as a label.

  Args:
    predicted: class numbers, `[N]`.
    labels: class numbers, `[N]`.
    weights: weights of the rows, `[N]`.
  """
  hits, actual, _ = _sizes(predicted, labels, weights)
  occurs = actual > 0
  return float((hits[occurs] / actual[occurs]).mean())


def macro_f1(predicted, labels, weights) -> float:
  """Returns the mean F1 over the classes that are a label or a prediction.

  Args:
    predicted: class numbers, `[N]`.
    labels: class numbers, `[N]`.
    weights: weights of the rows, `[N]`.
  """
  hits, actual, guessed = _sizes(predicted, labels, weights)
  sizes = actual + guessed
  occurs = sizes > 0
  return float((2 * hits[occurs] / sizes[occurs]).mean())


def quadratic_kappa(predicted, labels, weights) -> float:
  """Returns Cohen's kappa with quadratic weights (Cohen 1968).

  It is 1 for perfect agreement and 0 for agreement by chance.

  Args:
    predicted: class numbers, `[N]`.
    labels: class numbers, `[N]`.
    weights: weights of the rows, `[N]`.
  """
  # The expected squared disagreement by chance needs only means and variances
  # of the two, so no confusion matrix is built.
  predicted, labels = predicted.astype(float), labels.astype(float)
  a, b = mean(predicted, weights), mean(labels, weights)
  spread = mean(np.square(predicted - a), weights)
  spread += mean(np.square(labels - b), weights) + (a - b) ** 2
  return 1 - mean(np.square(predicted - labels), weights) / spread


def _sizes(predicted, labels, weights):
  """Sums weights by class: correct rows, labels and predictions."""
  predicted, labels = predicted.astype(int), labels.astype(int)
  count = max(predicted.max(initial=0), labels.max(initial=0)) + 1
  hit = predicted == labels
  return (
    np.bincount(labels[hit], weights[hit], count),
    np.bincount(labels, weights, count),
    np.bincount(predicted, weights, count),
  )
