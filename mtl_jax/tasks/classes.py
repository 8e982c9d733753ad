"""Metrics of class numbers: of what was predicted, `[N]`, and labels `[N]`."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np


class Rows(NamedTuple):
  """What metrics ask of class probabilities, one number per row `[N]`.

  Attributes:
    predicted: the likeliest class.
    log_likelihood: log-probability of the label, in nats.
    brier: the sum over classes of squared differences between probability and
      truth (Brier 1950): 0 to 2.
  """

  predicted: Any
  log_likelihood: Any
  brier: Any


def rows(logs: Any, labels: Any) -> Rows:
  """Of log-probabilities `[N, C]`, numpy or JAX as they are."""
  xp = np if isinstance(logs, np.ndarray) else jnp
  own = xp.maximum(labels, 0).astype(np.int32)[:, None]
  chosen = xp.take_along_axis(logs, own, axis=1)[:, 0]
  squares = xp.square(xp.exp(logs)).sum(axis=1)
  brier = squares - 2 * xp.exp(chosen) + 1
  return Rows(logs.argmax(axis=1).astype(np.int32), chosen, brier)


def log_softmax(logits: Any) -> Any:
  """Log-probabilities of logits `[N, C]`, numpy or JAX as they are."""
  xp = np if isinstance(logits, np.ndarray) else jnp
  shifted = logits - logits.max(axis=1, keepdims=True)
  return shifted - xp.log(xp.exp(shifted).sum(axis=1, keepdims=True))


def mean(values: np.ndarray, weights: np.ndarray) -> float:
  """The weighted mean."""
  return float(values @ weights / weights.sum())


def accuracy(predicted, labels, weights) -> float:
  """Share of labels that are predicted."""
  return mean(predicted == labels, weights)


def balanced_accuracy(predicted, labels, weights) -> float:
  """Mean over the classes that occur as a label of their share found."""
  hits, actual, _ = _sizes(predicted, labels, weights)
  there = actual > 0
  return float((hits[there] / actual[there]).mean())


def macro_f1(predicted, labels, weights) -> float:
  """Mean F1 over the classes that occur as a label or as a prediction."""
  hits, actual, guessed = _sizes(predicted, labels, weights)
  sizes = actual + guessed
  there = sizes > 0
  return float((2 * hits[there] / sizes[there]).mean())


def quadratic_kappa(predicted, labels, weights) -> float:
  """Cohen's kappa, disagreement squared (1968); 0 by chance, 1 perfect.

  The expected square of independent numbers needs their moments alone.
  """
  predicted, labels = predicted.astype(float), labels.astype(float)
  a, b = mean(predicted, weights), mean(labels, weights)
  spread = mean(np.square(predicted - a), weights)
  spread += mean(np.square(labels - b), weights) + (a - b) ** 2
  return 1 - mean(np.square(predicted - labels), weights) / spread


def _sizes(predicted, labels, weights):
  """Weights by class: found, as a label, as a prediction."""
  predicted, labels = predicted.astype(int), labels.astype(int)
  count = max(predicted.max(initial=0), labels.max(initial=0)) + 1
  hit = predicted == labels
  return (
    np.bincount(labels[hit], weights[hit], count),
    np.bincount(labels, weights, count),
    np.bincount(predicted, weights, count),
  )
