"""Grad-TAG: Li, Sharma and Zhang, KDD 2024, arXiv:2409.06091.

What would a model be, fine-tuned on some of the tasks? Near the parameters of
one model that was trained on all tasks, predictions are nearly linear in them,
so that fine-tuning on a subset of tasks is a convex regression on the gradients
of predictions, which are projected on few random directions. The affinity of
two tasks is a mean over subsets that have both.

The paper has one output per task, and logistic regression; here the loss is
that of the task's kind, of all outputs. Its affinity is the estimated quality
of a task; here it is the share that the others take away from the loss which
the task reaches alone, so that tasks of different units compare.
"""

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from mtl_jax import train
from mtl_jax.data.base import Split
from mtl_jax.data.sources import Source
from mtl_jax.interference import convex, few_pixels, linearised
from mtl_jax.train import precision
from mtl_jax.train.losses import task_losses
from mtl_jax.train.state import Best, Seed, System, stream

DIRECTIONS = 64  # that gradients are projected on; the paper's code has 200
SUBSETS = 50  # the most subsets of tasks that are fitted
RIDGE = 1e-2  # penalty of the squares, as a share of the mean curvature

Losses = Callable[[Float[Array, 'directions']], Float[Array, 'tasks']]
Subsets = Bool[np.ndarray, 'subsets tasks']


class Rows(NamedTuple):
  """How many rows are fitted, and on how many the fits are judged, at most."""

  train: int
  valid: int


def measure(
  system: System,
  rows: Rows,
  seed: Seed,
  best: Best,
  data: tuple[Split | Source, Split | Source],
  num_rows: Int[Array, ''],
) -> Float[Array, 'tasks tasks']:
  """Estimates the affinity of every two tasks from one trained model.

  Args:
    system: what is compiled.
    rows: equally spaced rows of training, and the first of validation; fewer
      of maps, see `few_pixels`.
    seed: of the run, for the directions.
    best: the parameters around which the model is made linear.
    data: training and validation split.
    num_rows: rows of the training split without padding.

  Returns:
    `[i, j]`: the share of the loss of task j on validation that being tuned
    with task i takes away, see `affinity`.
  """
  rows = Rows(*(few_pixels.rows(system.tasks, count) for count in rows))
  spaced = jnp.arange(rows.train) * num_rows // rows.train
  taken = spaced, jnp.arange(rows.valid)
  fitted, judged = (
    few_pixels.split(system.tasks, train.take((), source, own))
    for source, own in zip(data, taken, strict=True)
  )
  key = jax.random.fold_in(stream(seed, 'probe'), system.steps + 1)
  linear = [
    linearised.project(
      _predicting(system, best, split.inputs), best.params.tree, key, DIRECTIONS
    )
    for split in (fitted, judged)
  ]

  def losses(which, split):
    return lambda w: task_losses(system.tasks, linear[which].at(w), split)

  return affinity(
    losses(0, fitted), losses(1, judged), subsets(len(system.tasks))
  )


def _predicting(system: System, best: Best, inputs: Any) -> Callable:
  """Predictions in evaluation mode as a function of all parameters."""

  def predict(tree):
    found = precision.apply(
      system.scheme, system.compute, tree, best.extra, inputs, False
    )
    return few_pixels.of(system.tasks, found)

  return predict


def subsets(num_tasks: int, most: int = SUBSETS) -> Subsets:
  """Returns subsets of half of the tasks, rounded up, and two at least.

  Args:
    num_tasks: K.
    most: if there are more subsets, so many are drawn, the same ones in every
      call.

  Returns:
    `[subsets, K]`, True for a task of the subset.
  """
  size = max(2, (num_tasks + 1) // 2)
  every = itertools.combinations(range(num_tasks), size)
  # One more than `most`, to see whether there are more.
  members = [*itertools.islice(every, most + 1)]
  if len(members) > most:
    draw = np.random.default_rng(0)
    members = [draw.permutation(num_tasks)[:size] for _ in range(most)]
  table = np.zeros((len(members), num_tasks), bool)
  for row, own in zip(table, members, strict=True):
    row[list(own)] = True
  return table


def affinity(
  fitted: Losses,
  judged: Losses,
  chosen: Subsets,
  count: int = DIRECTIONS,
  ridge: float = RIDGE,
) -> Float[Array, 'tasks tasks']:
  """Averages over subsets what tuning with others brings to a task.

  Args:
    fitted: the losses that are minimised, of a point in D directions.
    judged: the losses by which the minima are judged.
    chosen: subsets of the tasks.
    count: number of directions, D.
    ridge: see `tuned`.

  Returns:
    `[i, j]`: 1 - the loss of j tuned in a subset with i / its loss tuned alone,
    mean over the subsets that have both; NaN without one.
  """
  size = chosen.shape[1]
  every = jnp.asarray(np.concatenate([np.eye(size, dtype=bool), chosen]))
  losses = lax.map(lambda own: judged(tuned(fitted, own, count, ridge)), every)
  alone, together = jnp.diagonal(losses[:size]), losses[size:]
  gain = 1 - together / alone[None]  # [subsets, K]
  both = jnp.asarray(chosen[:, :, None] & chosen[:, None])  # [subsets, i, j]
  mean = jnp.where(both, gain[:, None], 0).sum(0) / both.sum(0)
  return jnp.where(jnp.eye(size, dtype=bool), jnp.nan, mean)


def tuned(
  losses: Losses,
  members: Bool[Array, 'tasks'],
  count: int,
  ridge: float = RIDGE,
) -> Float[Array, 'directions']:
  """Minimises the summed losses of some tasks.

  Args:
    losses: of a point; convex for the usual kinds of tasks.
    members: which tasks.
    count: number of directions, D.
    ridge: half of it, times the mean curvature at the origin, times the squared
      length of the point is added. Absolute errors have no curvature, and add
      none.

  Returns:
    The point, see `convex.minimum`.
  """
  start = jnp.zeros(count)
  weights = members.astype(jnp.float32)

  def plain(point):
    return losses(point) @ weights

  # Reverse over reverse, as for the curvature.
  hessian = jax.jacrev(jax.grad(plain))(start)
  penalty = ridge * jnp.trace(hessian) / start.size

  def objective(point):
    return plain(point) + penalty / 2 * point @ point

  return convex.minimum(objective, start)
