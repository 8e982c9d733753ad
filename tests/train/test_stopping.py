"""Early stopping: what is selected with patience, as the rule says it."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.train import selection, stopping
from tests import small

quick = small.quick

PERIOD, STEPS = 5, 23  # the last period has three steps
EVALS = [5, 10, 15, 20, 23]
_keep_best = jax.jit(selection.keep_best, static_argnums=0)


@functools.cache
def begun(name, **fields):
  system = small.system(name, **fields)._replace(period=PERIOD, steps=STEPS)
  split = small.split()
  return system, small.start(system, split, small.hp()).best


def kept(history, name='hard', patience=2, per_task=False, **fields):
  """The best steps after evaluations with these values `[E, K]`."""
  system, best = begun(name, **fields)
  system = system._replace(patience=patience, per_task=per_task)
  if per_task:
    three = jax.tree.map(lambda x: jnp.stack([x] * 3), best)
    three = three._replace(score=three.score[:, 0], step=three.step[:, 0])
    best = best._replace(of_tasks=three)
  for step, values in zip(EVALS, history, strict=False):
    best = _keep_best(
      system,
      best.params,
      best.extra,
      jnp.array(step),
      best,
      jnp.array(values, jnp.float32),
    )
  return system, jax.device_get(best)


@pytest.mark.parametrize(
  ('scores', 'patience', 'best', 'stops'),
  [
    # Two evaluations without a better score: the fourth is no longer seen.
    ([3, 4, 5, 1, 0], 2, 5, 3),
    ([3, 4, 2, 3, 1], 2, 23, 7),
    ([3, 4, 2, 3, 3], 2, 15, 5),
    ([5, 4, 3, 2, 1], 1, 23, 6),
    ([5, 5, 1, 1, 1], 1, 5, 2),  # no better is as good as worse
    ([3, 4, 5, 1, 0], 0, 23, None),
  ],
)
def test_what_comes_after_the_stop_is_not_selected(
  scores, patience, best, stops
):
  system, found = kept([[s] * 3 for s in scores], patience=patience)
  assert found.step.tolist() == [best]
  if patience:
    assert stopping.stop(system, found.step).tolist() == [stops]


def test_towers_and_tasks_stop_each():
  history = [(3, 1, 2), (4, 2, 1), (5, 3, 2), (0, 0, 3), (0, 0, 0)]
  _, towers = kept(history, 'single')
  assert towers.step.tolist() == [5, 5, 10]
  system, joint = kept(history, per_task=True)
  assert joint.of_tasks.step.tolist() == [5, 5, 10]
  assert joint.step.tolist() == [5]
  stopped = stopping.has_stopped(system, joint.of_tasks.step, 20)
  assert stopped.tolist() == [True, True, False]


def test_the_count_begins_where_selection_does():
  """In a warm start towers do not exchange anything yet."""
  history = [[1] * 3, [2] * 3, [5] * 3, [4] * 3, [3] * 3]
  _, best = kept(history, 'cross_stitch', patience=1, warm_start=12)
  assert best.step.tolist() == [23]
  _, best = kept(history[:3], 'cross_stitch', patience=1, warm_start=12)
  assert best.step.tolist() == [15]
  assert np.isinf(kept(history[:2], 'cross_stitch', warm_start=12)[1].score)
