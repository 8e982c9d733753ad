"""Weights of labels in a step and at evaluation, against repeated rows."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax import train
from mtl_jax.train import evaluation
from tests import small

quick = small.quick

SYSTEM, HP = small.system(), small.hp()


@functools.partial(jax.jit, static_argnums=0)
def _stepped(rows, state, split):
  batch = train.take((), split, jnp.arange(rows))
  return train.step(SYSTEM, HP, state, batch, jax.random.key(0))


@pytest.fixture(scope='module')
def split():
  return small.split(known=0.8)


@pytest.fixture(scope='module')
def state(split):
  return small.start(SYSTEM, split, HP)


def stepped(state, split):
  """Parameters, losses and counts of missing labels after a full batch."""
  new, metrics = _stepped(len(split.mask), state, split)
  return new.params.tree, metrics.losses, new.unlabelled


def weighed(split, weights):
  return split._replace(weights=jnp.float32(weights))


def test_weight_2_is_the_row_twice(state, split):
  weights = np.ones(split.mask.shape)
  weights[3] = 2
  again = jnp.array([*range(8), 3])
  small.close(
    stepped(state, weighed(split, weights)),
    stepped(state, jax.tree.map(lambda x: x[again], split)),
  )


def test_weights_of_1_change_no_bit(state, split):
  small.same(
    stepped(state, weighed(split, np.ones(split.mask.shape))),
    stepped(state, split),
  )


def test_weight_0_is_a_missing_label(state, split):
  weights = np.ones(split.mask.shape)
  weights[2, 0] = 0
  weights[:, 1] = 0
  mask = split.mask & (weights > 0)
  found = stepped(state, weighed(split, weights))
  small.same(found, stepped(state, split._replace(mask=mask)))
  assert found[1][1] == 0
  assert found[2].tolist() == [0, 1, 0]


def test_evaluation_weighs_losses_and_metrics(state, split):
  def evaluated(rows):
    return evaluation.evaluate(
      SYSTEM, state.params.tree, state.extra, rows, batch_size=4
    )

  times = np.arange(8) % 3
  again = jnp.array(np.repeat(np.arange(8), times))
  weights = np.repeat(times[:, None], 3, axis=1)
  found = evaluated(weighed(split, weights))
  small.close(found, evaluated(jax.tree.map(lambda x: x[again], split)))
  assert found['age']['loss'] != evaluated(split)['age']['loss']
