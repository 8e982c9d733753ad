"""A batch in parts that are computed in turn, for less memory.

A task's loss is its mean over the known labels of the batch, so that the losses
and gradients of parts add up to it once these labels are counted. Each part is
computed again for every gradient, since the balancer sees the losses of the
whole batch first: the activations of one part at a time are in memory.

What is no mean over rows is of each part: batch statistics, the running means
of which see the parts in turn, and penalties on a batch, which are averaged.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from mtl_jax.data.base import Split
from mtl_jax.tasks import Task
from mtl_jax.train import forward, noise
from mtl_jax.train.task_gradients import ForwardPass


class Part(NamedTuple):
  """Rows of a batch, or all parts of a batch with a leading axis.

  Attributes:
    number: of the part.
    rows: as in a batch.
    share: `[K]`, of the batch's known labels by weight; sums to 1 over the
      parts, or is 0 where the batch has no label of the task.
  """

  number: Int[Array, '*parts']
  rows: Split
  share: Float[Array, '*parts tasks']


def forward_pass(
  point: forward.Point,
) -> tuple[ForwardPass, forward.Updates]:
  """Evaluates one batch in parts, see `forward.forward_pass`.

  Args:
    point: where; its state gives the parameters.

  Returns:
    The forward pass, and the updated collections and readings. Its pullback
    gives the gradients by features with a leading axis of parts.
  """
  count, parts = point.system.accumulate, parts_of(point)
  params = point.state.params
  (raw, penalty), updates = losses(point, params)

  def pullback(weights, penalty_weight):
    each = jax.tree.map(lambda w: w / count, penalty_weight)

    def add(carry, part):
      total, extra = carry
      one, (extra, _) = forward.forward_pass(_at(point, part, extra))
      by_params, by_features = one.pullback(weights * part.share, each)
      return (jax.tree.map(jnp.add, total, by_params), extra), by_features

    start = jax.tree.map(jnp.zeros_like, params), point.state.extra
    (by_params, _), by_features = lax.scan(add, start, parts)
    return by_params, by_features

  return ForwardPass(raw, penalty, pullback), updates


def losses(
  point: forward.Point, params: dict
) -> tuple[tuple[Array, Any], forward.Updates]:
  """Losses of a batch, part after part; see `forward.losses`.

  Args:
    point: all but the parameters.
    params: the parameter tree at which to evaluate.

  Returns:
    `((losses [K], penalty), updates)`.
  """

  def evaluate(extra, part):
    found, (extra, readings) = forward.losses(_at(point, part, extra), params)
    return extra, (found, readings)

  parts = parts_of(point)
  extra, found = lax.scan(evaluate, point.state.extra, parts)
  (each, penalty), readings = found
  # A part without a label of a task has the loss 0 and the share 0.
  raw = (parts.share * each).sum(0)
  penalty, readings = jax.tree.map(lambda x: x.mean(0), (penalty, readings))
  return (raw, penalty), (extra, readings)


def parts_of(point: forward.Point) -> Part:
  """Cuts the batch of a point into `System.accumulate` parts of equal size."""
  count = point.system.accumulate

  def cut(x):
    # Every so many rows make a part, not rows in a row: where devices share a
    # batch, each of them then has rows of every part.
    return x.reshape(-1, count, *x.shape[1:]).swapaxes(0, 1)

  rows = jax.tree.map(cut, point.batch)
  return Part(jnp.arange(count), rows, _shares(point.system.tasks, rows))


def _shares(tasks: Sequence[Task], rows: Split) -> Float[Array, 'parts tasks']:
  known = rows.mask.astype(jnp.float32)
  # Labels count by their weights, where the data have some.
  if rows.weights is not None:
    known = jnp.where(rows.mask, rows.weights, 0)
  known = _counted(tasks, rows.labels, known)
  each = known.sum(1)  # [parts, K]
  total = each.sum(0)[None]
  return each / jnp.where(total > 0, total, 1)


def _counted(tasks: Sequence[Task], labels: Any, known: Array) -> Array:
  """Weights of labels `[parts, B, K]`, times what each row counts."""
  for t, task in enumerate(tasks):
    if counts := task.made.counts:
      # A label that is missing may be any number.
      own = jnp.where(known[..., t] > 0, jax.vmap(counts)(labels[t]), 0)
      known = known.at[..., t].multiply(own)
  return known


def _at(point: forward.Point, part: Part, extra: Any) -> forward.Point:
  """The point of one part: its rows, and dropout masks of its own."""
  keys = noise.draws(point.key)
  # Gates are drawn once per step: a part is not another network.
  masks = jax.random.fold_in(keys.masks, 2 + part.number)
  return point._replace(
    state=point.state._replace(extra=extra),
    batch=part.rows,
    key=keys._replace(masks=masks),
  )
