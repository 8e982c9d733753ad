"""Metrics of an order: scores and labels `[N]`, weights `[N]`."""

import numpy as np

SIDES = ('left', 'right')


def auc(scores, labels, weights) -> float:
  """Area under the ROC curve, ties counted half; NaN with one class only."""
  positive = labels == 1
  negative = ~positive
  order = np.argsort(scores[negative])
  ranked = scores[negative][order]
  below = _sums(weights[negative][order])
  own, own_weights = scores[positive], weights[positive]
  less = below[np.searchsorted(ranked, own, side='left')]
  less_or_equal = below[np.searchsorted(ranked, own, side='right')]
  wins = own_weights @ (less + less_or_equal) / 2
  return float(wins / (own_weights.sum() * below[-1]))


def average_precision(scores, labels, weights) -> float:
  """Sum over thresholds of precision times the gain in recall.

  Not interpolated, as in scikit-learn; NaN without a positive label.
  """
  order = np.argsort(-scores)
  scores, weights = scores[order], weights[order]
  hits, taken = np.cumsum(weights * (labels[order] == 1)), np.cumsum(weights)
  # Rows of equal score are taken together.
  last = np.append(scores[1:] != scores[:-1], True)
  hits, taken = hits[last], taken[last]
  return float(np.diff(hits, prepend=0) @ (hits / taken) / hits[-1])


def concordance(risks, times, events, weights) -> float:
  """Harrell's C: share of comparable pairs whose order is right.

  Two rows are comparable where the first had its event and the second had none
  until then: its time is later, or equal and censored. Equal risks count half;
  NaN without such a pair.

  Args:
    risks: `[N]`, higher where the event is to come sooner.
    times: `[N]`.
    events: `[N]`, 1 where the event happened, 0 where the row was censored.
    weights: `[N]`; a pair has the product of its rows'.
  """
  happened = events > 0
  order = np.lexsort((~happened, times))  # Events before censored rows.
  times, happened, weights = times[order], happened[order], weights[order]
  ranks = np.unique(risks[order], return_inverse=True)[1]
  first, behind = (np.searchsorted(times, times, side=s) for s in SIDES)
  events_before = _sums(happened)
  start = first + (events_before[behind] - events_before[first]).astype(int)
  start = start[happened]  # Behind all events of the same time.
  less, equal = _after(start, ranks[happened], ranks, weights)
  pairs = _sums(weights)[-1] - _sums(weights)[start]
  own = weights[happened]
  return float(own @ (less + equal / 2) / (own @ pairs))


def _after(start, wanted, ranks, weights):
  """Weights of the rows from `start` on whose rank is below `wanted`, or equal.

  Those rows are cut into blocks of a power of two, one of each size at most, in
  which numbers are found by bisection: N log^2 N, where pairs are N^2.
  """
  count, span = len(ranks), int(ranks.max(initial=0)) + 1
  place, start = np.arange(count), start.copy()
  less, equal = np.zeros(len(start)), np.zeros(len(start))
  for level in range(count.bit_length()):
    keys = (place >> level) * span + ranks
    order = np.argsort(keys, kind='stable')
    keys, sums = keys[order], _sums(weights[order])
    odd = (start >> level & 1 == 1) & (start < count)
    block = (start[odd] >> level) * span
    first, low, high = (
      sums[np.searchsorted(keys, block + shift)]
      for shift in (0, wanted[odd], wanted[odd] + 1)
    )
    less[odd] += low - first
    equal[odd] += high - low
    start[odd] += 1 << level
  return less, equal


def _sums(weights: np.ndarray) -> np.ndarray:
  """Of the first 0, 1, ..., N weights."""
  return np.concatenate([[0.0], np.cumsum(weights)])
