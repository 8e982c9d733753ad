"""Golden values of uncertainty weighting."""

import importlib

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
  """dr = .5 - L = (-1.5, 0, -.5); Adam's first step is its rate times signs."""
  weights = weights_of(uncertainty.make(distance=10, steps=100), LOSSES, 2)
  expected = np.exp([-0.1, 0.0, -0.1])
  np.testing.assert_allclose(weights[1], expected, rtol=1e-5)


def test_weights_equal_the_rule_written_out():
  """Adam on `exp(-r) L + r/2` by hand, for ten steps."""
  losses, r = np.array([2.0, 0.5, 1.0]), np.zeros(3)
  mean, square, expected = np.zeros(3), np.zeros(3), []
  for n in range(1, 11):
    expected.append(np.exp(-r))
    gradient = 0.5 - np.exp(-r) * losses
    mean = 0.9 * mean + 0.1 * gradient
    square = 0.999 * square + 0.001 * gradient**2
    root = np.sqrt(square / (1 - 0.999**n)) + 1e-8
    r = r - 0.05 * mean / (1 - 0.9**n) / root
  ours = weights_of(uncertainty.make(distance=50), LOSSES, 10)
  np.testing.assert_allclose(ours, expected, rtol=1e-4)


def test_at_rest_weights_are_those_of_the_paper():
  """Half the inverse of the loss: 1 for a loss of .5, of either kind."""
  losses = jnp.array([0.5, 0.5, 2.0, 0.05])
  weights = weights_of(uncertainty.make(steps=600), losses, 600)[-1]
  np.testing.assert_allclose(weights, [1, 1, 0.25, 10], rtol=0.03)


@pytest.mark.parametrize('steps', [600, 3000])
@pytest.mark.parametrize('name', ['imtl', 'imtl_l', 'uncertainty'])
def test_a_run_of_any_length_reaches_its_rest(name, steps):
  """Losses of .1 and 2 call for weights 20 apart, before a third of the run."""
  method = importlib.import_module(f'mtl_jax.balancers.{name}').make(
    steps=steps
  )
  losses = jnp.array([0.1, 2.0])

  def body(state, _):
    weights, state = method.update(losses, jnp.eye(2), state, None)
    return state, weights

  weights = jax.lax.scan(body, method.init(2), None, steps // 3)[1][-1]
  # Of gradients of one length, IMTL-G undoes the scales: s alone is compared.
  ratio = 20 if name != 'imtl' else 1
  np.testing.assert_allclose(weights[0] / weights[1], ratio, rtol=0.1)


def test_a_task_without_a_label_in_the_batch_is_left_where_it_was():
  balancer = uncertainty.make()
  state, losses = balancer.init(2), jnp.array([0.0, 3.0])
  for _ in range(50):
    weights, state = balancer.update(losses, None, state, jax.random.key(0))
  assert weights[0] == 1
  assert weights[1] < 1
