"""Discrete-time survival analysis with censored rows.

Output b is the logit of the hazard of interval b: the probability of the event
in that interval, given that it has not happened before (Singer and Willett
1993). The last interval is unbounded.
"""

import jax
import jax.numpy as jnp
import numpy as np

from mtl_jax.errors import InputError
from mtl_jax.tasks import labels, ranks
from mtl_jax.tasks.base import Kind, Metric
from mtl_jax.tasks.classes import mean


def make(
  edges: tuple[float, ...] | None = None, num_intervals: int = 10
) -> Kind:
  """Returns the kind; labels `[N, 2]` are a time and an event indicator.

  The time is 0 or more; the indicator is 1 for an event, 0 if censored.

  Args:
    edges: times between intervals, ascending. None infers them as quantiles of
      the event times over all splits, so that every resplit has the same grid.
    num_intervals: number of intervals if `edges` is None, at least 2.

  Raises:
    ValueError: if `edges` are not ascending or there is only one interval.
  """
  if edges is not None and (not edges or not (np.diff(edges) > 0).all()):
    raise ValueError(f'edges are {edges}; give at least one, ascending')
  if num_intervals < 2:
    raise ValueError(f'num_intervals is {num_intervals}; it must be at least 2')

  def loss(predictions, labels):
    return -_log_likelihood(predictions, labels, edges, jnp)

  def log_loss(predictions, values, weights):
    return mean(-_log_likelihood(predictions, values, edges, np), weights)

  return Kind(
    loss,
    len(edges) + 1 if edges else 0,
    check,
    {
      'concordance': Metric(concordance, True, 0.5),
      'log_loss': Metric(log_loss, False),
    },
    infer=lambda values, known: _quantiles(values, known, num_intervals),
    constant=lambda values, weights: constant(values, weights, edges),
    predicted=risk,
  )


def _log_likelihood(hazards, labels, edges, xp):
  """Returns log-likelihoods `[N]` of hazard logits `[N, B]`.

  An event contributes its interval and the survival of all earlier ones. A
  censored row contributes only the survival of the intervals before its own.
  """
  sigmoid = jax.nn.log_sigmoid if xp is jnp else _log_sigmoid
  times, events = labels[:, :1], labels[:, 1]
  ends = xp.asarray(edges, hazards.dtype)[None]
  own = (times >= ends).sum(axis=1, keepdims=True)  # [N, 1]
  interval = xp.arange(hazards.shape[1])[None]
  survived = xp.where(interval < own, sigmoid(-hazards), 0).sum(axis=1)
  event = xp.where(interval == own, sigmoid(hazards), 0).sum(axis=1)
  return survived + xp.where(events > 0, event, 0)


def _log_sigmoid(x):
  return -np.logaddexp(0, -x)


def constant(values, weights, edges) -> float:
  """Returns the mean loss of hazards that are equal in all rows.

  The best hazard of an interval is the share of its events among the rows that
  are at risk: those with the event in it, and those that survive it.

  Args:
    values: times and event indicators, `[N, 2]`.
    weights: weights of the rows, `[N]`.
    edges: times between intervals.
  """
  own = np.searchsorted(np.float32(edges), np.float32(values[:, 0]), 'right')
  count = len(edges) + 1
  events = np.bincount(own, weights * (values[:, 1] > 0), count)
  # Rows of later intervals survive this one.
  survived = weights.sum() - np.cumsum(np.bincount(own, weights, count))
  survived = np.maximum(survived, 0)  # a sum of weights may round below 0
  both = np.stack([events, survived])
  shares = both / np.maximum(both.sum(0), np.finfo(float).tiny)
  logs = np.log(np.where(both > 0, shares, 1))
  return float(-(both * logs).sum() / weights.sum())


def check(values, known):
  """Returns the labels if times are at least 0 and events are 0 or 1.

  Args:
    values: labels, `[N, 2]`.
    known: bool `[N]`, True where the label is known.

  Raises:
    InputError: if a known label is not; it names the row and the remedy.
  """
  labels.check_shape(values, (2,), 'give columns time and event')
  times, events = values[:, 0], values[:, 1]
  labels.refuse(
    known & ~(times >= 0), values, 'a time is 0 or more; mask the row'
  )
  bad = known & (events != 0) & (events != 1)
  remedy = 'the second column is 1 for an event and 0 for a censored row'
  labels.refuse(bad, values, remedy)
  return values


def concordance(predictions, values, weights) -> float:
  """Returns Harrell's C of the expected number of survived intervals.

  Args:
    predictions: hazard logits, `[N, B]`.
    values: labels, `[N, 2]`.
    weights: weights of the rows, `[N]`.
  """
  survival = np.exp(np.cumsum(_log_sigmoid(-predictions), axis=1))
  return ranks.concordance(
    -survival.sum(axis=1), values[:, 0], values[:, 1], weights
  )


def risk(hazards):
  """Returns the expected number of intervals that are not survived, `[N, 1]`.

  A row of higher risk has the event sooner; `concordance` compares this number.

  Args:
    hazards: logits of hazards, `[N, B]`.
  """
  survival = np.exp(np.cumsum(_log_sigmoid(-hazards), axis=1))
  return hazards.shape[1] - survival.sum(axis=1, keepdims=True)


def _quantiles(values, known, count: int) -> dict[str, tuple[float, ...]]:
  """Infers the field `edges`; equal quantiles are merged."""
  check(values, known)
  times = values[known & (values[:, 1] > 0), 0]
  if not len(times):
    raise InputError('no row has an event; give edges, or leave the task out')
  inner = np.arange(1, count) / count
  edges = np.unique(np.quantile(times, inner).astype(np.float32))
  # An edge at the earliest event would leave the first interval without one.
  edges = edges[edges > times.min()] if times.min() < edges[-1] else edges
  return {'edges': tuple(edges.tolist())}
