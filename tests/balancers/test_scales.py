"""Methods of Gram matrices at very small and very large gradients."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.balancers import base
from mtl_jax.train import balancing, task_gradients
from tests import small
from tests.balancers.test_balancers import KEY, LOSSES, balancer, random_rows

quick = small.quick

# MoDo has a learning rate for the Gram matrix in its own unit.
SCALE_FREE = [
  name
  for name in small.BALANCERS
  if balancer(name).needs_gram and not balancer(name).raw_gram
]


@functools.partial(jax.jit, static_argnums=0)
def weights(name, scale):
  """Of the second of two steps whose gradients are `scale` times as long."""
  method, rows = balancer(name), scale * random_rows(5)

  def pullback(w, penalty_weight):
    return {'shared': w @ rows}, ()

  # Losses stay: methods that also read them are not free of their scale.
  passes = [task_gradients.ForwardPass(LOSSES, (), pullback)] * method.n_batches
  state = balancing.start(method, 'shared', 3, {'shared': rows[0]})
  for _ in range(2):
    found = balancing.combine(method, 'shared', small.hp(), passes, state, KEY)
    state = found.balance
  return found.weights, found.fallback


@pytest.mark.parametrize('name', SCALE_FREE)
def test_weights_do_not_depend_on_the_scale_of_all_gradients(name):
  expected, _ = weights(name, 1.0)
  for scale in (1e-16, 1e-8, 1e6, 1e12):
    found, fallback = weights(name, scale)
    assert fallback == 0
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_scaling_changes_no_digit():
  gram = jnp.array([[3e-33, 1e-33], [1e-33, 7e-34]])
  scaled = base.scaled(gram)
  assert 0.5 <= scaled.max() < 1
  np.testing.assert_array_equal(scaled / scaled[0, 0], gram / gram[0, 0])
  for same in (jnp.zeros((2, 2)), jnp.full((2, 2), jnp.nan)):
    np.testing.assert_array_equal(base.scaled(same), same)
