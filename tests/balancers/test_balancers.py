"""Properties of every balancer."""

import functools
import importlib
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.balancers import base
from mtl_jax.train import balancing, task_gradients
from tests import small

quick = small.quick

every = pytest.mark.parametrize('name', small.BALANCERS)

LOSSES = jnp.array([2.0, 0.5, 1.0])
KEY = jax.random.key(3)


@functools.cache
def balancer(name):
  make = importlib.import_module(f'mtl_jax.balancers.{name}').make
  # In a run of these few steps: its warm-up, a share of the run, has an end.
  return make(steps=10) if name == 'stch' else make()


def random_rows(seed, num_tasks=3):
  rows = np.random.default_rng(seed).normal(size=(num_tasks, 6))
  return jnp.array(rows, jnp.float32)


@functools.partial(jax.jit, static_argnums=(0, 1))
def balanced(name, steps, losses, rows, key):
  """Weights and shared updates of steps with the same losses and gradients."""
  method, hp = balancer(name), small.hp(task_weights=jnp.ones(len(losses)))

  def pullback(weights, penalty_weight):
    return {'shared': weights @ rows, 'head': weights}, ()

  passes = [task_gradients.ForwardPass(losses, (), pullback)] * method.n_batches
  params = {'shared': rows[0], 'head': losses}
  state, found = balancing.start(method, 'shared', len(losses), params), []
  for i in range(steps):
    key_i = jax.random.fold_in(key, i)
    one = balancing.combine(method, 'shared', hp, passes, state, key_i)
    state = one.balance
    if method.after:
      state = method.after(losses, 0.9 * losses, state)
    found.append((one.weights, one.grads['shared']))
  return jax.tree.map(lambda *x: jnp.stack(x), *found)


# Factors of the first update of moving averages that start at 0.
FIRST = {'moco': 0.5, 'db_mtl': 0.1}


@every
def test_one_task_is_single_task_training(name):
  """On the loss, or on its logarithm for methods that ignore its unit."""
  rows = jnp.array([[2.0, -1.0]])
  _, update = balanced(name, 1, jnp.array([0.7]), rows, KEY)
  logarithm = name in ('log_loss', 'stch', 'db_mtl')
  expected = FIRST.get(name, 1) * rows / (0.7 if logarithm else 1)
  np.testing.assert_allclose(update, expected, rtol=1e-6)


@every
@pytest.mark.parametrize('size', [1e-3, 1.0, 1e3])
def test_equal_gradients_have_equal_weights(name, size):
  rows = jnp.full((3, 4), size)
  weights, update = balanced(name, 1, jnp.full(3, 0.7), rows, KEY)
  if name != 'rlw':  # which draws weights
    np.testing.assert_allclose(weights[0], np.full(3, weights[0, 0]), rtol=1e-5)
  if balancer(name).neutral:
    np.testing.assert_allclose(weights[0].sum(), 3, rtol=1e-5)
    expected = FIRST.get(name, 1) * rows.sum(0)
    np.testing.assert_allclose(update[0], expected, rtol=1e-5)


@every
def test_permuted_tasks_leave_the_update(name):
  """On average over keys, for methods with random draws."""
  order = jnp.array([2, 0, 1])
  draws = 20_000 if name in ('rlw', 'graddrop') else 500
  rows, keys = random_rows(0), jax.random.split(KEY, draws)

  def mean(losses, rows):
    run = functools.partial(balanced, name, 3)
    found = jax.vmap(run, (None, None, 0))(losses, rows, keys)
    return jax.tree.map(lambda x: x.mean(0), found)

  weights, update = mean(LOSSES, rows)
  permuted, again = mean(LOSSES[order], rows[order])
  np.testing.assert_allclose(weights[:, order], permuted, rtol=0.05)
  largest = float(jnp.abs(update).max())
  np.testing.assert_allclose(update, again, rtol=0.05, atol=0.02 * largest)


@every
@pytest.mark.parametrize('scale', [1e-10, 1e-5, 1.0, 1e5, 1e10])
def test_no_scale_breaks_it(name, scale):
  weights, update = balanced(
    name, 2, scale * LOSSES, scale * random_rows(1), KEY
  )
  assert np.isfinite(weights).all()
  assert np.isfinite(update).all()


def _hard_rows():
  rows = np.random.default_rng(5).normal(size=(3, 6))
  cases = {
    'zero': rows * 0,
    'zero row': rows * [[1], [0], [1]],
    'parallel': rows[:1] * [[1], [2], [3]],
    'opposed': rows[:1] * [[1], [-1], [2]],
    'ratio': rows * [[1e-4], [1], [1e4]],
    'orthogonal': np.eye(3, 6),
  }
  return {k: jnp.array(r, jnp.float32) for k, r in cases.items()}


@every
@pytest.mark.parametrize('case', _hard_rows())
def test_no_gram_breaks_it(name, case):
  weights, update = balanced(name, 2, LOSSES, _hard_rows()[case], KEY)
  assert np.isfinite(weights).all()
  assert np.isfinite(update).all()
  if case == 'zero':
    np.testing.assert_array_equal(update, 0)
    if balancer(name).needs_gram:
      np.testing.assert_array_equal(weights, 1)


@every
def test_a_step_without_an_answer_is_equal_and_leaves_no_trace(name):
  """NaN in gradients gives equal weights and leaves the state unchanged."""
  method = balancer(name)
  if not method.per_task:
    return
  hp = small.hp()
  params = {'shared': jnp.zeros(6)}
  state = balancing.start(method, 'shared', 3, params)
  bad = random_rows(0).at[1, 2].set(jnp.nan)
  pullback = lambda w, _: ({'shared': w @ bad}, ())  # noqa: E731
  passes = [task_gradients.ForwardPass(LOSSES, (), pullback)] * method.n_batches
  found = balancing.combine(method, 'shared', hp, passes, state, KEY)
  assert found.fallback == 1
  np.testing.assert_array_equal(found.weights, 1)
  jax.tree.map(np.testing.assert_array_equal, found.balance, state)


# Methods whose shares, orders or means are over all tasks, labelled or not.
WITH_ALL = ('dwa', 'gradnorm', 'gradvac', 'moco', 'modo', 'pcgrad', 'rlw')
WITH_ALL += ('sdmgrad_stochastic', 'stch')


@pytest.mark.parametrize(
  'name', [name for name in small.BALANCERS if name not in WITH_ALL]
)
def test_a_task_without_a_label_leaves_the_others_alone(name):
  """Its loss and gradient are 0; the update is that of the others."""
  rows = random_rows(4)
  _, alone = balanced(name, 1, LOSSES, rows, KEY)
  losses = jnp.append(LOSSES, 0.0)
  with_it = jnp.concatenate([rows, jnp.zeros((1, 6))])
  _, update = balanced(name, 1, losses, with_it, KEY)
  np.testing.assert_allclose(update, alone, rtol=1e-4, atol=1e-5)


@every
def test_jit_equals_eager(name):
  with jax.disable_jit():
    eager = balanced(name, 2, LOSSES, random_rows(2), KEY)
  jitted = balanced(name, 2, LOSSES, random_rows(2), KEY)
  small.close(jitted, eager, 2e-5)


@every
def test_vmap_equals_one_by_one(name):
  rows = jnp.stack([random_rows(seed) for seed in range(64)])
  losses = jnp.abs(jax.random.normal(KEY, (64, 3))) + 0.1
  run = functools.partial(balanced, name, 2)
  mapped = jax.vmap(run, (0, 0, None))(losses, rows, KEY)
  assert all(np.isfinite(x).all() for x in mapped)
  # Its steps are so long that they swing, and rounding grows with them.
  tolerance = 2e-2 if name == 'sdmgrad_stochastic' else 1e-4
  for i in range(0, 64, 8):
    one = run(losses[i], rows[i], KEY)
    small.close(small.take(mapped, i), one, tolerance)


def test_no_two_methods_agree():
  # One gradient is so long that MGDA leaves it nearly out; gradients shrink
  # with their losses.
  rows = jnp.array([[30.0, 0, -10, 20], [-2, 1, 1, -3], [-1, -2, 2, 1]])
  hp = small.hp()

  def last(name):  # of a few steps in which losses fall, each at its rate
    method, rates = balancer(name), jnp.array([0.9, 0.8, 0.95])
    state = balancing.start(method, 'shared', 3, {'shared': rows[0]})
    for i in range(7):
      losses, scaled = LOSSES * rates**i, rows * rates[:, None] ** i
      pullback = functools.partial(
        lambda g, w, _: ({'shared': w @ g}, ()), scaled
      )
      passes = [
        task_gradients.ForwardPass(losses, (), pullback)
      ] * method.n_batches
      found = balancing.combine(method, 'shared', hp, passes, state, KEY)
      state = found.balance
      if method.after:
        state = method.after(losses, losses * rates, state)
    return found.grads['shared']

  updates = {
    name: jax.jit(last, static_argnums=0)(name) for name in small.BALANCERS
  }
  # On one and the same batch this is what its steps swing around.
  np.testing.assert_allclose(
    updates['sdmgrad_stochastic'], updates.pop('sdmgrad'), rtol=0.05, atol=0.05
  )
  for (a, one), (b, other) in itertools.combinations(updates.items(), 2):
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
  weights, failed = base.guard(good, base.gram(random_rows(0)))
  np.testing.assert_array_equal(weights, good)
  assert failed == 0
