"""Evaluates a run and selects its best parameters on validation."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtl_jax.data.base import Split
from mtl_jax.data.sources import Source
from mtl_jax.schemes import base as schemes
from mtl_jax.train import stopping
from mtl_jax.train.evaluation import predicted
from mtl_jax.train.parameters import Parameters
from mtl_jax.train.state import Best, System


class Sizes(NamedTuple):
  """Sizes that are fixed when a program is compiled.

  Attributes:
    steps: training steps between two evaluations.
    batch: rows per training step.
    eval_batch: rows per batch in evaluation.
    probe: batches on which interference is measured.
    probe_rows: rows on which the tasks' features are compared.
  """

  steps: int
  batch: int
  eval_batch: int
  probe: int = 0
  probe_rows: int = 0


class Scoring(NamedTuple):
  """How a score is made of the tasks' validation losses; numbers of one run.

  The score of a part of the model is the mean over its tasks of the loss,
  divided by that of the task's best constant prediction on training labels. So
  it does not depend on the units of the losses.

  Attributes:
    scale: by which losses are divided, `[K]`.
    share: of each task in the score of the part that predicts it, `[K]`; they
      sum to 1 in each part.
  """

  scale: Float[Array, 'tasks']
  share: Float[Array, 'tasks']


def measured(
  system: System,
  sizes: Sizes,
  params: Parameters,
  extra: Any,
  step: Int[Array, ''],
  best: Best,
  scoring: Scoring,
  split: Split | Source,
) -> tuple[Best, Float[Array, 'tasks'], Sequence[Any]]:
  """Evaluates parameters on one split and updates the best ones.

  Validation and test share this program, so that it is compiled once; after a
  test the caller drops the updated best.

  Args:
    system: what is compiled.
    sizes: gives the rows per batch.
    params: the parameters to evaluate.
    extra: their further collections, such as running statistics.
    step: steps taken so far.
    best: the best parameters so far.
    scoring: what losses are divided by, and how they are averaged.
    split: the data.

  Returns:
    The best parameters, the task losses `[K]`, and what the host computes
    metrics from, see `evaluation.predicted`.
  """
  losses, outputs = outcome(system, sizes, params, extra, step, split)
  values = losses / scoring.scale
  best = keep_best(system, params, extra, step, best, values, scoring.share)
  return best, losses, outputs


def outcome(
  system: System,
  sizes: Sizes,
  params: Parameters,
  extra: Any,
  step: Int[Array, ''],
  split: Split | Source,
) -> tuple[Float[Array, 'tasks'], Sequence[Any]]:
  """Evaluates parameters and selects nothing, as `measured` does otherwise."""
  now = {'step': step, 'steps': system.steps}
  rows = sizes.eval_batch
  return predicted(system, params.stacks, extra, split, rows, now)


def keep_best(
  system: System,
  params: Parameters,
  extra: Any,
  step: Int[Array, ''],
  best: Best,
  values: Float[Array, 'tasks'],
  share: Float[Array, 'tasks'] | None = None,
) -> Best:
  """Selects the parameters with the lowest score so far.

  The score is the mean value over the tasks of a group, so each separate tower
  has a best step of its own. Steps before `System.selection_start` are not
  eligible, nor those after a group has stopped, see `stopping`.

  Args:
    system: what is compiled.
    params: the current parameters.
    extra: their further collections, such as running statistics.
    step: steps taken so far.
    best: the best parameters so far.
    values: `[K]`, of which lower is better: validation losses without unit, or
      errors of the headline metrics.
    share: `Scoring.share`; None weighs the tasks of a group equally.

  Returns:
    The best parameters, with scores and steps `[groups]`.
  """
  if share is None:
    share = jnp.full(len(values), system.groups / len(values))
  # A task that does not count must not make the score NaN.
  weighted = jnp.where(share > 0, values * share, 0)
  scores = weighted.reshape(system.groups, -1).sum(1)
  eligible = _eligible(system, step, best)
  # NaN compares as False, so a failed run keeps its last finite best.
  better = (scores < best.score) & eligible
  of_tasks = best.of_tasks
  if system.per_task:
    each = (values < of_tasks.score) & _eligible(system, step, of_tasks)
    of_tasks = _each(of_tasks, each, Best(values, step, params, extra))

  def choose(new, old):
    chosen = schemes.per_tower(new, better)
    return jax.tree.map(jnp.where, chosen, new, old)

  return Best(
    score=jnp.where(better, scores, best.score),
    step=jnp.where(better, step, best.step),
    # A row of each matrix is a group; `extra` has its towers on an axis 0.
    params=jax.tree.map(
      lambda new, old: jnp.where(better[:, None], new, old),
      params,
      best.params,
    ),
    extra={
      name: choose(tree, best.extra[name]) for name, tree in extra.items()
    },
    of_tasks=of_tasks,
  )


def _eligible(system: System, step: Int[Array, ''], best: Best) -> Array:
  started = step >= system.selection_start
  if not system.patience:
    return started
  return started & ~stopping.has_stopped(system, best.step, step)


def _each(old: Best, better: Bool[Array, 'tasks'], new: Best) -> Best:
  """Replaces the best of the tasks that are better; `new` has one for all."""

  def choose(now, before):
    column = better.reshape(-1, *[1] * (before.ndim - 1))
    return jnp.where(column, now, before)

  return jax.tree.map(choose, new, old)


def common_rows(valid: int, test: int) -> tuple[int, int]:
  """Row counts to which the validation and test splits are padded.

  Equal shapes share a compiled program. Where one split is more than twice the
  other, computing on padding would cost more than compiling again.

  Args:
    valid: rows of the validation split.
    test: rows of the test split.

  Returns:
    The padded counts of both: their maximum twice, or each unchanged.
  """
  most = max(valid, test)
  return (most, most) if most <= 2 * min(valid, test) else (valid, test)
