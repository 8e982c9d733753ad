"""When: hazards of intervals of time, from rows that may be censored.

Output b is the logit of the hazard of interval b: the chance of the event there
where it had not come before (Singer and Willett 1993). The last interval is
open.
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
  """Labels `[N, 2]`: a time of 0 or more, and 1 for an event or 0 if censored.

  `edges` are the times between intervals, ascending. Where they are not given,
  they are quantiles of the events' times over all splits, for `num_intervals`
  intervals: a grid that every resplit shares.
  """
  if edges is not None and (not edges or not (np.diff(edges) > 0).all()):
    raise ValueError(f'edges are {edges}; give ascending times, one at least')
  if num_intervals < 2:
    raise ValueError(f'num_intervals is {num_intervals}; two at least')

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
    found=lambda values, known: _quantiles(values, known, num_intervals),
  )


def _log_likelihood(hazards, labels, edges, xp):
  """Of logits `[N, B]`: an event's interval and all before it.

  A censored row says that it got through the intervals before its own.
  """
  sigmoid = jax.nn.log_sigmoid if xp is jnp else _log_sigmoid
  times, events = labels[:, :1], labels[:, 1]
  ends = xp.asarray(edges, hazards.dtype)[None]
  own = (times >= ends).sum(axis=1, keepdims=True)  # [N, 1]
  place = xp.arange(hazards.shape[1])[None]
  survived = xp.where(place < own, sigmoid(-hazards), 0).sum(axis=1)
  event = xp.where(place == own, sigmoid(hazards), 0).sum(axis=1)
  return survived + xp.where(events > 0, event, 0)


def _log_sigmoid(x):
  return -np.logaddexp(0, -x)


def check(values, known):
  """Refuses negative times, and events that are neither 0 nor 1."""
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
  """Harrell's C of the expected number of intervals that are survived."""
  survival = np.exp(np.cumsum(_log_sigmoid(-predictions), axis=1))
  return ranks.concordance(
    -survival.sum(axis=1), values[:, 0], values[:, 1], weights
  )


def _quantiles(values, known, count: int) -> dict[str, tuple[float, ...]]:
  check(values, known)
  times = values[known & (values[:, 1] > 0), 0]
  if not len(times):
    raise InputError('no row has an event; give edges, or leave the task out')
  inner = np.arange(1, count) / count
  edges = np.unique(np.quantile(times, inner).astype(np.float32))
  edges = edges[edges > times.min()] if times.min() < edges[-1] else edges
  return {'edges': tuple(edges.tolist())}
