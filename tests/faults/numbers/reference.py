"""Losses and their gradients by outputs, in float64 and without JAX."""

import numpy as np
from scipy import special

EDGES = (0.5, 1.0, 2.0)  # of the survival task


def binary(p, y):
  z = p[:, 0]
  value = np.where(y > 0, -special.log_expit(z), -special.log_expit(-z))
  return value, np.where(y > 0, -special.expit(-z), special.expit(z))[:, None]


def multiclass(p, y):
  logs = p - special.logsumexp(p, axis=1, keepdims=True)
  rows = np.arange(len(p)), y.astype(int)
  slope = np.exp(logs)
  slope[rows] -= 1
  return -logs[rows], slope


def regression(p, y):
  error = p - y.reshape(p.shape)
  return np.square(error).mean(1), 2 * error / p.shape[1]


def count(p, y):
  z = p[:, 0]
  value = special.xlogy(y, y) - special.xlogy(y, 1) - y * z - y + np.exp(z)
  return value, (np.exp(z) - y)[:, None]


def ordinal(p, y):
  """Chances are differences of the sigmoid, written as a product."""
  y, last = y.astype(int), p.shape[1]
  rows = np.arange(len(p))
  gaps = np.logaddexp(0, p[:, 1:])
  logits = np.cumsum(np.hstack([p[:, :1], gaps]), axis=1)
  low, high = np.maximum(y - 1, 0), np.minimum(y, last - 1)
  inner = (y > 0) & (y < last)
  value = np.where(y < last, special.log_expit(logits[rows, high]), 0)
  value += np.where(y > 0, special.log_expit(-logits[rows, low]), 0)
  value += np.where(inner, special.log_expit(p[rows, high]), 0)
  # By the two logits around the class, which are sums of the outputs' gaps.
  by_logit = np.zeros_like(p)
  by_logit[rows, high] += np.where(
    y < last, special.expit(-logits[rows, high]), 0
  )
  by_logit[rows, low] -= np.where(y > 0, special.expit(logits[rows, low]), 0)
  slope = np.cumsum(by_logit[:, ::-1], axis=1)[:, ::-1]
  slope[:, 1:] *= special.expit(p[:, 1:])
  slope[rows, high] += np.where(inner, special.expit(-p[rows, high]), 0)
  return -value, -slope


def survival(p, y):
  own = np.searchsorted(EDGES, y[:, 0], 'right')[:, None]
  interval = np.arange(p.shape[1])[None]
  event = (interval == own) & (y[:, 1:] > 0)
  survived = interval < own
  value = np.where(survived, special.log_expit(-p), 0)
  value = value + np.where(event, special.log_expit(p), 0)
  slope = np.where(survived, special.expit(p), 0)
  return -value.sum(1), slope - np.where(event, special.expit(-p), 0)


OF_KIND = {
  'binary': binary,
  'multiclass': multiclass,
  'regression': regression,
  'count': count,
  'ordinal': ordinal,
  'survival': survival,
}


def mean(kind, p, y, weights):
  """The weighted mean loss over rows of a weight, and its gradient."""
  p, weights = p.astype(np.float64), weights.astype(np.float64)
  known = weights > 0
  slope = np.zeros_like(p)
  if not known.any():
    return 0.0, slope
  share = weights[known] / weights.sum()
  values, slopes = OF_KIND[kind](p[known], y[known].astype(np.float64))
  slope[known] = share[:, None] * slopes
  return share @ values, slope
