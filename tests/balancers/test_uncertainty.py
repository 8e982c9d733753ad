"""Golden values of uncertainty weighting."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.balancers import uncertainty
from tests import small

quick = small.quick

LOSSES = jnp.array([2.0, 0.5, 1.0])


def weights_of(method, losses, steps):
  """Weights of each step, under losses that do not change."""

  def body(state, _):
    weights, state = method.update(losses, None, state, None)
    return state, weights

  return jax.lax.scan(body, method.init(len(losses)), None, steps)[1]


def test_first_weights_are_one():
  weights = weights_of(uncertainty.make(), LOSSES, 1)
  np.testing.assert_array_equal(weights[0], 1)


def test_first_step_follows_the_published_gradient():
  """ds = 1 - L = (-1, .5, 0), and Adam's first step is lr times its sign."""
  weights = weights_of(uncertainty.make(learning_rate=0.1), LOSSES, 2)
  np.testing.assert_allclose(weights[1], np.exp([-0.1, 0.1, 0.0]), rtol=1e-5)


def test_weights_equal_the_rule_written_out():
  """Adam on `exp(-s) L + s` by hand, for ten steps."""
  losses, s = np.array([2.0, 0.5, 1.0]), np.zeros(3)
  mean, square, expected = np.zeros(3), np.zeros(3), []
  for n in range(1, 11):
    expected.append(np.exp(-s))
    gradient = 1 - np.exp(-s) * losses
    mean = 0.9 * mean + 0.1 * gradient
    square = 0.999 * square + 0.001 * gradient**2
    root = np.sqrt(square / (1 - 0.999**n)) + 1e-8
    s = s - 0.05 * mean / (1 - 0.9**n) / root
  ours = weights_of(uncertainty.make(learning_rate=0.05), LOSSES, 10)
  np.testing.assert_allclose(ours, expected, rtol=1e-4)


@pytest.mark.parametrize(
  ('kind', 'rest'), [('regression', 1.0), ('binary', 0.5), ('multiclass', 0.5)]
)
def test_rests_where_the_weighted_loss_is_its_offset(kind, rest):
  method = uncertainty.make((kind,) * 3, learning_rate=0.02)
  weights = weights_of(method, LOSSES, 1000)[-1]
  np.testing.assert_allclose(weights * LOSSES, rest, rtol=1e-2)


def test_kinds_are_taken_task_by_task():
  kinds = ('regression', 'binary', 'count')
  weights = weights_of(uncertainty.make(kinds, 0.02), LOSSES, 1000)[-1]
  np.testing.assert_allclose(weights * LOSSES, [1, 0.5, 0.5], rtol=1e-2)


def test_a_task_without_a_label_in_the_batch_is_left_where_it_was():
  balancer = uncertainty.make()
  state, losses = balancer.init(2), jnp.array([0.0, 3.0])
  for _ in range(50):
    weights, state = balancer.update(losses, None, state, jax.random.key(0))
  assert weights[0] == 1
  assert weights[1] < 1
