"""From one evaluation of a run to the next, and the test at its end."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from mtl_jax import train
from mtl_jax.data.base import Split
from mtl_jax.evaluation import evaluate
from mtl_jax.optimizers import Hp
from mtl_jax.schemes import base as schemes
from mtl_jax.state import Best, Seed, System, TrainState


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


def keep_best(
  system: System, state: TrainState, results: dict[str, dict[str, Array]]
) -> TrainState:
  """Keeps the parameters where the validation loss is the lowest yet.

  The score is the mean over tasks; separate towers keep each its own best.
  What comes before a scheme's warm start or search is over is not kept.
  """
  losses = jnp.stack([results[task.name]['loss'] for task in system.tasks])
  scores = losses.reshape(system.groups, -1).mean(1)
  better = (scores < state.best.score) & (state.step >= system.kept_from)

  def choose(new, old):
    chosen = schemes.per_tower(new, better)
    return jax.tree.map(jnp.where, chosen, new, old)

  return state._replace(
    best=Best(
      score=jnp.where(better, scores, state.best.score),
      step=jnp.where(better, state.step, state.best.step),
      params=jax.tree.map(
        lambda new, old: jnp.where(better[:, None], new, old),
        state.params,
        state.best.params,
      ),
      extra={
        name: choose(tree, state.best.extra[name])
        for name, tree in state.extra.items()
      },
    )
  )


def period(
  system: System,
  sizes: Sizes,
  hp: Hp,
  seed: Seed,
  num_rows: Int[Array, ''],
  state: TrainState,
  data: Split,
  valid: Split,
) -> tuple[TrainState, train.Metrics, dict[str, dict[str, Array]]]:
  """From one evaluation to the next: train, measure, keep the best."""
  state, metrics = train.advance(
    system, hp, seed, state, data, num_rows, sizes.steps, sizes.batch
  )
  state, results = measure(system, sizes, state, valid)
  return state, metrics, results


def measure(
  system: System, sizes: Sizes, state: TrainState, valid: Split
) -> tuple[TrainState, dict[str, dict[str, Array]]]:
  """Validation results, and the state that keeps the best of them."""
  now = {'step': state.step, 'steps': system.steps}
  results = evaluate(
    system, state.params.tree, state.extra, valid, sizes.eval_batch, now
  )
  return keep_best(system, state, results), results


def test(
  system: System, sizes: Sizes, best: Best, valid: Split, test: Split
) -> tuple[dict[str, dict[str, Array]], dict[str, dict[str, Array]]]:
  """Results of the best parameters on validation and on test."""
  on_valid, on_test = (
    evaluate(system, best.params.tree, best.extra, split, sizes.eval_batch)
    for split in (valid, test)
  )
  return on_valid, on_test
