"""Ranking metrics, computed from the order of scores `[N]`."""

import numpy as np

SIDES = ('left', 'right')


def auc(scores, labels, weights) -> float:
  """Returns the area under the ROC curve; NaN with one class only.

  A pair of equal scores counts half.

  Args:
    scores: `[N]`, higher for more likely positives.
    labels: 0 or 1, `[N]`.
    weights: weights of the rows, `[N]`.
  """
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
  """Returns the sum over thresholds of precision times increase in recall.

  It is not interpolated, as in scikit-learn; NaN without a positive label.

  Args:
    scores: `[N]`, higher for more likely positives.
    labels: 0 or 1, `[N]`.
    weights: weights of the rows, `[N]`.
  """
  order = np.argsort(-scores)
  scores, weights = scores[order], weights[order]
  hits, taken = np.cumsum(weights * (labels[order] == 1)), np.cumsum(weights)
  # Rows of equal score share one threshold.
  last = np.append(scores[1:] != scores[:-1], True)
  hits, taken = hits[last], taken[last]
  return float(np.diff(hits, prepend=0) @ (hits / taken) / hits[-1])


def concordance(risks, times, events, weights) -> float:
  """Returns Harrell's C: the share of comparable pairs in the right order.

  Two rows are comparable if the first had its event and the second had none
  up to that time: its own time is later, or equal and censored. A pair of equal
  risks counts half; the result is NaN without a comparable pair (Harrell et
  al. 1982).

  Args:
    risks: `[N]`, higher where the event is expected sooner.
    times: `[N]`, times of the event or of censoring.
    events: `[N]`, 1 for an event, 0 for a censored row.
    weights: `[N]`; the weight of a pair is the product of its rows' weights.
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
  """Sums weights of the rows from `start` on by how their rank compares.

  Those rows are split into blocks whose sizes are distinct powers of two. In
  each block, sorted by rank, a bisection counts the ranks below a value. This
  takes O(N log^2 N) instead of the O(N^2) of all pairs.

  Returns:
    Sums over the rows whose rank is less than, and equal to, `wanted`.
  """
  count, span = len(ranks), int(ranks.max(initial=0)) + 1
  place, start = np.arange(count), start.copy()
  less, equal = np.zeros(len(start)), np.zeros(len(start))
  for level in range(count.bit_length()):
    # One sort for all blocks of this size: the block number is the major key.
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
  """Returns the sums of the first 0, 1, ..., N weights, `[N + 1]`."""
  return np.concatenate([[0.0], np.cumsum(weights)])
