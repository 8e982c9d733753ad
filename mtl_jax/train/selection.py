"""Evaluates a run and selects its best parameters by validation loss."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtl_jax.data.base import Split
from mtl_jax.data.sources import Source
from mtl_jax.schemes import base as schemes
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
  """

  steps: int
  batch: int
  eval_batch: int
  probe: int = 0


def measured(
  system: System,
  sizes: Sizes,
  params: Parameters,
  extra: Any,
  step: Int[Array, ''],
  best: Best,
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
    split: the data.

  Returns:
    The best parameters, the task losses `[K]`, and what the host computes
    metrics from, see `evaluation.predicted`.
  """
  now = {'step': step, 'steps': system.steps}
  tree, rows = params.stacks, sizes.eval_batch
  losses, outputs = predicted(system, tree, extra, split, rows, now)
  return keep_best(system, params, extra, step, best, losses), losses, outputs


def keep_best(
  system: System,
  params: Parameters,
  extra: Any,
  step: Int[Array, ''],
  best: Best,
  losses: Float[Array, 'tasks'],
) -> Best:
  """Selects the parameters with the lowest validation loss so far.

  The score is the mean loss over the tasks of a group, so each separate tower
  has a best step of its own. Steps before `System.selection_start` are not
  eligible.

  Args:
    system: what is compiled.
    params: the current parameters.
    extra: their further collections, such as running statistics.
    step: steps taken so far.
    best: the best parameters so far.
    losses: `[K]`, validation losses of `params`.

  Returns:
    The best parameters, with scores and steps `[groups]`.
  """
  scores = losses.reshape(system.groups, -1).mean(1)
  # NaN compares as False, so a failed run keeps its last finite best.
  better = (scores < best.score) & (step >= system.selection_start)

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
  )


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
