"""The evaluation of a run, and the best parameters that it keeps."""

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
  """Of what is compiled.

  Attributes:
    steps: from one evaluation to the next.
    batch: rows of a step.
    eval_batch: rows of a batch that is evaluated.
    probe: batches at which interference is measured.
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
  """These parameters on one split, and the best ones with them among these.

  Validation and test have this one program: at the test, what it keeps as best
  is dropped.

  Returns:
    The best, the task losses, and what metrics are computed of on the host, see
    `evaluation.predicted`.
  """
  now = {'step': step, 'steps': system.steps}
  tree, rows = params.stacks, sizes.eval_batch
  losses, found = predicted(system, tree, extra, split, rows, now)
  return keep_best(system, params, extra, step, best, losses), losses, found


def keep_best(
  system: System,
  params: Parameters,
  extra: Any,
  step: Int[Array, ''],
  best: Best,
  losses: Float[Array, 'tasks'],
) -> Best:
  """Keeps the parameters where the validation loss is the lowest yet.

  The score is the mean over tasks; separate towers keep each its own best.
  What comes before a scheme's warm start or search is over is not kept.
  """
  scores = losses.reshape(system.groups, -1).mean(1)
  better = (scores < best.score) & (step >= system.kept_from)

  def choose(new, old):
    chosen = schemes.per_tower(new, better)
    return jax.tree.map(jnp.where, chosen, new, old)

  return Best(
    score=jnp.where(better, scores, best.score),
    step=jnp.where(better, step, best.step),
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
  """Rows to which both splits are padded: as many, or each its own.

  Equal shapes share a compiled program. Where one split is more than twice the
  other, computing on padding would cost more than compiling again.
  """
  most = max(valid, test)
  return (most, most) if most <= 2 * min(valid, test) else (valid, test)
