"""What holds for every balancer."""

import functools
import importlib
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.balancers import base
from tests import small

quick = small.quick

every = pytest.mark.parametrize('name', small.BALANCERS)

LOSSES = jnp.array([2.0, 0.5, 1.0])
KEY = jax.random.key(3)


@functools.cache
def balancer(name):
  return importlib.import_module(f'mtl_jax.balancers.{name}').make()


def random_gram(seed, num_tasks=3):
  rows = np.random.default_rng(seed).normal(size=(num_tasks, 6))
  return jnp.array(rows @ rows.T, jnp.float32)


@functools.partial(jax.jit, static_argnums=(0, 1))
def guarded(name, steps, losses, gram, key):
  """Weights of each step, after the guard, for the same losses throughout."""
  method = balancer(name)
  state, weights = method.init(len(losses)), []
  for i in range(steps):
    given = gram if method.needs_gram else None
    one, state = method.update(losses, given, state, jax.random.fold_in(key, i))
    weights.append(base.guard(one, given)[0])
  return jnp.stack(weights)


@every
def test_one_task_is_single_task_training(name):
  """On the loss, or on its logarithm where units are not to matter."""
  weights = guarded(name, 1, jnp.array([0.7]), jnp.array([[4.0]]), KEY)
  logarithm = name in ('log_loss', 'stch')
  np.testing.assert_allclose(
    weights, [[1 / 0.7 if logarithm else 1]], rtol=1e-6
  )


@every
@pytest.mark.parametrize('size', [1e-3, 1.0, 1e3])
def test_equal_gradients_have_equal_weights(name, size):
  gram = jnp.full((3, 3), size)
  weights = guarded(name, 1, jnp.full(3, 0.7), gram, KEY)[0]
  if name != 'rlw':  # it draws them
    np.testing.assert_allclose(weights, np.full(3, weights[0]), rtol=1e-5)
  if balancer(name).neutral:
    np.testing.assert_allclose(weights.sum(), 3, rtol=1e-5)


@every
def test_permuted_tasks_permute_the_weights(name):
  """On average over the keys, where a method draws."""
  order = jnp.array([2, 0, 1])
  draws = 20_000 if name == 'rlw' else 500
  gram, keys = random_gram(0), jax.random.split(KEY, draws)

  def mean(losses, gram):
    run = functools.partial(guarded, name, 3)
    return jax.vmap(run, (None, None, 0))(losses, gram, keys).mean(0)

  ours = mean(LOSSES, gram)[:, order]
  theirs = mean(LOSSES[order], gram[order][:, order])
  np.testing.assert_allclose(ours, theirs, rtol=0.05)


@every
@pytest.mark.parametrize('scale', [1e-10, 1e-5, 1.0, 1e5, 1e10])
def test_no_scale_breaks_it(name, scale):
  weights = guarded(name, 2, scale * LOSSES, scale * random_gram(1), KEY)
  assert np.isfinite(weights).all()


def _hard_grams():
  rows = np.random.default_rng(5).normal(size=(3, 6))
  cases = {
    'zero': rows * 0,
    'zero row': rows * [[1], [0], [1]],
    'parallel': rows[:1] * [[1], [2], [3]],
    'opposed': rows[:1] * [[1], [-1], [2]],
    'ratio': rows * [[1e-4], [1], [1e4]],
    'orthogonal': np.eye(3, 6),
  }
  return {k: jnp.array(r @ r.T, jnp.float32) for k, r in cases.items()}


@every
@pytest.mark.parametrize('case', _hard_grams())
def test_no_gram_breaks_it(name, case):
  weights = guarded(name, 2, LOSSES, _hard_grams()[case], KEY)
  assert np.isfinite(weights).all()
  if case == 'zero' and balancer(name).needs_gram:
    np.testing.assert_array_equal(weights, 1)


@every
def test_jit_equals_eager(name):
  with jax.disable_jit():
    eager = guarded(name, 2, LOSSES, random_gram(2), KEY)
  np.testing.assert_allclose(
    guarded(name, 2, LOSSES, random_gram(2), KEY), eager, rtol=1e-5
  )


@every
def test_vmap_equals_one_by_one(name):
  grams = jnp.stack([random_gram(seed) for seed in range(64)])
  losses = jnp.abs(jax.random.normal(KEY, (64, 3))) + 0.1
  run = functools.partial(guarded, name, 2)
  mapped = jax.vmap(run, (0, 0, None))(losses, grams, KEY)
  assert np.isfinite(mapped).all()
  for i in range(0, 64, 8):
    np.testing.assert_allclose(
      mapped[i], run(losses[i], grams[i], KEY), rtol=1e-4
    )


def test_no_two_methods_agree():
  # One gradient is so long that MGDA leaves it nearly out.
  rows = np.array([[30, 0, -10, 20], [-2, 1, 1, -3], [-1, -2, 2, 1]])
  gram = jnp.array(rows @ rows.T, jnp.float32)

  def last(name):  # of a few steps in which losses fall, each at its rate
    method, rates = balancer(name), jnp.array([0.9, 0.8, 0.95])
    state = method.init(3)
    for i in range(7):
      losses = LOSSES * rates**i
      weights, state = method.update(losses, gram, state, KEY)
      if method.after:
        state = method.after(losses, losses * rates, state)
    return weights

  weights = {
    name: jax.jit(last, static_argnums=0)(name) for name in small.BALANCERS
  }
  # These are one where all tasks are regressions, but for the sign of s.
  np.testing.assert_allclose(weights['imtl_l'], weights.pop('uncertainty'))
  for (a, one), (b, other) in itertools.combinations(weights.items(), 2):
    assert np.abs(one - other).max() > 1e-4, (a, b)


def test_gram_is_j_jt():
  draw = np.random.default_rng(0)
  shapes = {'a': (3, 4, 2), 'b': {'c': (3, 5), 'd': (3,)}}
  grads = jax.tree.map(
    lambda shape: jnp.array(draw.normal(size=shape), jnp.float32),
    shapes,
    is_leaf=lambda x: isinstance(x, tuple),
  )
  rows = [np.asarray(g).reshape(3, -1) for g in jax.tree.leaves(grads)]
  stacked = np.concatenate(rows, axis=1)
  np.testing.assert_allclose(
    base.gram(grads), stacked @ stacked.T, rtol=1e-5, atol=1e-5
  )


@pytest.mark.parametrize('bad', [jnp.nan, jnp.inf])
def test_guard_puts_ones_where_there_is_no_answer(bad):
  weights, failed = base.guard(jnp.array([1.0, bad, 2.0]), None)
  np.testing.assert_array_equal(weights, 1)
  assert failed == 1
  good = jnp.array([0.5, 1.0, 2.0])
  weights, failed = base.guard(good, random_gram(0))
  np.testing.assert_array_equal(weights, good)
  assert failed == 0
