"""Weights and updates of every balancer at the ends of float32."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.train import balancing, task_gradients
from tests import small
from tests.balancers.test_balancers import KEY, LOSSES, balancer

quick = small.quick

every = pytest.mark.parametrize('name', small.BALANCERS)

STEPS = 3
ROWS = np.random.default_rng(1).normal(size=(3, 6))
# Weights of combinations of gradients that need not be convex.
SIGNED = ('aligned_mtl', 'conflict_free', 'imtl', 'imtl_g')
ONE = np.array([0.0, 1.0, 0.0])  # the only task with a label
# Factors of losses and of gradients, by task.
ENDS = {
  **{f'losses {s}': (s, 1.0) for s in (1e30, 1e15, 1e-15, 1e-30)},
  **{f'gradients {s}': (1.0, s) for s in (1e30, 1e15, 1e-12, 1e-30)},
  **{f'both {s}': (s, s) for s in (1e30, 1e15, 1e-12, 1e-30)},
  'one loss 1e30': ([1e30, 1, 1], 1.0),
  'one loss 1e-30': ([1e-30, 1, 1], 1.0),
  # Of regressions: losses are the squares of their gradients.
  'squares': ([1e30, 1, 1e-30], [1e15, 1, 1e-15]),
  'large beside small': ([1e12, 1, 1], [1e12, 1, 1]),
  'all masked': (0.0, 0.0),
  'one labelled': (ONE, ONE),
  'plain': (1.0, 1.0),
}
# There the squares of gradients leave float32, and all weights are 1.
NO_GRAM = {
  *('gradients 1e+30', 'gradients 1e-30', 'both 1e+30', 'both 1e-30'),
  'all masked',
}


@functools.partial(jax.jit, static_argnums=(0, 1))
@functools.partial(jax.vmap, in_axes=(None, None, 0, 0))
def stepped(name, steps, losses, rows):
  """Weights, updates, fallbacks and whether the states are finite, by step."""
  method, hp = balancer(name), small.hp(task_weights=jnp.ones(len(losses)))
  params = {'shared': rows[0], 'head': losses}

  def step(state, i):
    fall = 0.9**i

    def pullback(weights, penalty_weight):
      return {'shared': weights @ (fall * rows), 'head': weights}, ()

    one = task_gradients.ForwardPass(fall * losses, (), pullback)
    passes = [one] * method.n_batches
    key = jax.random.fold_in(KEY, i)
    found = balancing.combine(method, 'shared', hp, passes, state, key)
    state = found.balance
    if method.after:
      state = method.after(fall * losses, 0.9 * fall * losses, state)
    return state, (found.weights, found.grads['shared'], found.fallback)

  state = balancing.start(method, 'shared', len(losses), params)
  return jax.lax.scan(step, state, jnp.arange(steps))[1]


@functools.cache
def at_ends(name):
  losses, rows = [], []
  for by_loss, by_gradient in ENDS.values():
    losses.append(np.float32(LOSSES) * np.float32(by_loss))
    factors = np.broadcast_to(np.float32(by_gradient), 3)
    rows.append(np.float32(ROWS) * factors[:, None])
  found = stepped(name, STEPS, jnp.array(losses), jnp.array(rows))
  return [dict(zip(ENDS, np.asarray(x), strict=True)) for x in found]


@every
def test_weights_and_updates_are_finite(name):
  weights, updates, _ = at_ends(name)
  for case in ENDS:
    assert np.isfinite(weights[case]).all(), case
    assert np.isfinite(updates[case]).all(), case
    assert name in SIGNED or (weights[case] >= 0).all(), case


@every
def test_equal_weights_replace_only_what_float32_cannot_hold(name):
  weights, updates, fallbacks = at_ends(name)
  for case in ENDS:
    if name == 'pcgrad' and case == 'squares':
      continue  # The square of one gradient is 0 beside that of another.
    if not balancer(name).needs_gram:
      # Moving averages of gradients, and gradients over losses.
      assert not fallbacks[case].any() or case in NO_GRAM, case
      continue
    expected = case in NO_GRAM
    assert (fallbacks[case] == expected).all(), case
    if expected:
      np.testing.assert_array_equal(weights[case], 1)
      total = np.float32(ROWS) * np.float32(ENDS[case][1])
      np.testing.assert_allclose(updates[case][0], total.sum(0), rtol=1e-5)


@every
def test_without_a_label_there_is_no_update(name):
  _, updates, _ = at_ends(name)
  np.testing.assert_array_equal(updates['all masked'], 0)


@every
def test_the_only_task_with_a_label_keeps_its_direction(name):
  _, updates, _ = at_ends(name)
  for update in updates['one labelled']:
    length = np.linalg.norm(update)
    if length == 0 and name in ('modo', 'moco', 'sdmgrad_stochastic'):
      continue  # Shares of all tasks: this one's may reach 0.
    np.testing.assert_allclose(
      update / length, ROWS[1] / np.linalg.norm(ROWS[1]), rtol=1e-4, atol=1e-6
    )


@every
@pytest.mark.parametrize('count', [1, 100])
def test_one_task_and_a_hundred(name, count):
  """Independent gradients, parallel ones, and no label of half of the tasks."""
  if name == 'upgrad':
    count = min(count, 30)  # It solves as many problems as there are tasks.
  draw = np.random.default_rng(count)
  rows = draw.normal(size=(count, 120))
  known = np.arange(count)[:, None] % 2 == 0
  cases = [rows, np.linspace(1, 2, count)[:, None] * rows[:1], rows * known]
  losses = np.abs(draw.normal(size=(3, count))) + 0.1
  losses[2] *= known[:, 0]
  weights, updates, fallbacks = stepped(
    name, 1, jnp.float32(losses), jnp.float32(np.stack(cases))
  )
  assert np.isfinite(weights).all()
  assert np.isfinite(updates).all()
  assert name in SIGNED or (weights >= 0).all()
  assert not fallbacks.any()
