"""The squared distance between towers."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax import train
from mtl_jax.schemes import base
from tests import small

quick = small.quick


def case(num_tasks, seed=0):
  scheme = small.scheme('soft_l2', tasks=(small.TASKS[0],) * num_tasks)
  return scheme, small.params(scheme, small.inputs(), seed)


def tower(params, t):
  return [np.asarray(leaf[t]) for leaf in jax.tree.leaves(params['towers'])]


@pytest.mark.parametrize('num_tasks', [2, 3, 5])
def test_penalty_is_the_mean_over_pairs(num_tasks):
  scheme, params = case(num_tasks)
  total = sum(
    np.square(a - b).sum()
    for s, t in itertools.combinations(range(num_tasks), 2)
    for a, b in zip(tower(params, s), tower(params, t), strict=True)
  )
  expected = 2 / (num_tasks * (num_tasks - 1)) * total
  penalty = jax.jit(scheme.penalty)(params)
  np.testing.assert_allclose(penalty, expected, rtol=1e-5)


@pytest.mark.parametrize('encoder', small.ENCODERS)
def test_penalty_is_zero_at_the_start(encoder):
  scheme = small.scheme('soft_l2', encoder)
  x = small.inputs(encoder)
  apart = small.scheme('soft_l2', encoder, same_init=False)

  @jax.jit
  def penalties(key):
    starts = [own.init(key, x, False)['params'] for own in (scheme, apart)]
    return scheme.penalty(starts[0]), apart.penalty(starts[1])

  tied, free = penalties(jax.random.key(0))
  # The mean of K equal numbers may be off by a rounding.
  assert tied < 1e-10
  assert free > 0.1


def test_penalty_never_moves_the_mean():
  scheme, params = case(3)
  gradients = jax.device_get(jax.jit(jax.grad(scheme.penalty))(params))
  for gradient in jax.tree.leaves(gradients['towers']):
    np.testing.assert_allclose(gradient.sum(axis=0), 0, atol=1e-5)
  kernel = gradients['towers']['stage_0']['Dense_0']['kernel']
  assert np.abs(kernel).max() > 0.1


def test_penalty_reaches_kernels_and_biases_but_no_head():
  scheme, params = case(3)
  gradients = jax.device_get(jax.jit(jax.grad(scheme.penalty))(params))
  for path, gradient in jax.tree_util.tree_leaves_with_path(gradients):
    assert bool(gradient.any()) == (path[0].key == 'towers')


def test_normalisation_is_not_coupled():
  norm = {'scale': jnp.ones(2), 'bias': jnp.ones(2)}
  dense = {'kernel': jnp.ones((2, 2)), 'bias': jnp.zeros(2)}
  assert len(base.weights({'stage_0': {'Norm_0': norm, 'Dense_0': dense}})) == 2


def test_penalty_does_not_know_the_order_of_tasks():
  scheme, params = case(3)
  params, order = jax.device_get(params), np.array([2, 0, 1])
  moved = {**params, 'towers': small.take(params['towers'], order)}
  penalty = jax.jit(scheme.penalty)
  np.testing.assert_allclose(penalty(params), penalty(moved), rtol=1e-6)


def test_one_task_has_no_penalty():
  scheme, params = case(1)
  assert scheme.penalty(params) == 0


@pytest.mark.parametrize('steps', [1, 3])
def test_tied_towers_follow_hard_sharing_under_sgd(steps):
  """With the encoder's learning rate over the number of tasks."""
  split = small.split()
  soft, hard = (
    small.system('soft_l2', implicit=True),
    small.system('hard'),
  )
  hp = small.hp(lr=0.1, penalty=1e9)
  tied = small.start(soft, split, hp, noise=False)
  step = jax.jit(train.step, static_argnums=0)
  gradients = jax.jit(
    jax.grad(lambda p: small.losses(hard.scheme, split)(p).sum())
  )
  params = jax.device_get(tied.params).tree
  expected = {
    'shared_encoder': small.take(params['towers'], 0),
    **{k: v for k, v in params.items() if k.startswith('head_')},
  }
  for i in range(steps):
    tied, _ = step(soft, hp, tied, split, jax.random.key(i))
    result = jax.device_get(gradients(expected))
    rates = {k: 0.1 / 3 if k == 'shared_encoder' else 0.1 for k in expected}
    expected = {
      k: jax.tree.map(
        lambda p, g, r=np.float32(rates[k]): p - r * g, expected[k], result[k]
      )
      for k in expected
    }
  params = jax.device_get(tied.params).tree
  for t in range(3):
    actual = small.take(params['towers'], t)
    small.close(actual, expected['shared_encoder'], 1e-5)
  small.close(
    {k: v for k, v in params.items() if k != 'towers'},
    {k: v for k, v in expected.items() if k != 'shared_encoder'},
    1e-5,
  )
