"""Golden values of PCGrad: TorchJD's code and a numpy reference in float64."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.balancers import pcgrad
from tests import small

quick = small.quick

A = np.array([[-4, 1, 1], [6, 1, 1]])
B = np.array([[3, 0, -1, 2], [-2, 1, 1, -3], [-1, -2, 2, 1]])
C = np.array([[2, -1, 1], [-3, 1, 2], [-1, 0, 3]])

ON_A = [0.584795, 3.80117, 3.80117]
ON_C = [-1.40476, -0.476190, 7.54762]

project = jax.jit(pcgrad.project)


def gram(rows):
  return jnp.array(rows @ rows.T, jnp.float32)


def direction(rows, order):
  """The step `J^T w` where every gradient meets the others in `order`."""
  orders = jnp.array([order] * len(rows))
  return rows.T @ np.asarray(project(gram(rows), orders), np.float64)


def assert_golden(ours, published):
  error = np.linalg.norm(ours - np.array(published))
  assert error <= 2e-5 * np.linalg.norm(published)


@pytest.mark.parametrize(
  ('rows', 'published'),
  [(A, ON_A), (B, [0.425238, -1.41143, 3.50667, -0.306190]), (C, ON_C)],
  ids='ABC',
)
def test_order_from_the_first(rows, published):
  assert_golden(direction(rows, range(len(rows))), published)


@pytest.mark.parametrize(
  ('rows', 'published'),
  [(A, ON_A), (B, [1.37190, -0.846667, 2.52714, -0.00761905]), (C, ON_C)],
  ids='ABC',
)
def test_order_from_the_last(rows, published):
  assert_golden(direction(rows, range(len(rows))[::-1]), published)


@pytest.mark.parametrize(
  ('rows', 'published'),
  [(A, ON_A), (B, [0.898571, -1.12905, 3.01690, -0.156905]), (C, ON_C)],
  ids='ABC',
)
def test_mean_over_orders(rows, published):
  orders = itertools.permutations(range(len(rows)))
  mean = np.mean([direction(rows, order) for order in orders], axis=0)
  assert_golden(mean, published)


def test_published_weights():
  weights = project(gram(B), jnp.array([range(3)] * 3))
  np.testing.assert_allclose(weights, [2.14286, 2.11905, 1.76524], rtol=1e-5)
  # Still in conflict with task 1.
  np.testing.assert_allclose(
    gram(B) @ weights, [-2.84333, 2.16333, 9.10476], rtol=1e-5
  )


def test_two_tasks_by_hand():
  """`g_i - (g_i g_j / |g_j|^2) g_j` for both, summed."""
  g, h = A.astype(float)
  expected = g - g @ h / (h @ h) * h + h - g @ h / (g @ g) * g
  assert_golden(direction(A, range(2)), expected)


def test_no_conflict_is_the_plain_sum():
  rows = np.abs(B)
  for order in itertools.permutations(range(3)):
    weights = project(gram(rows), jnp.array([order] * 3))
    np.testing.assert_array_equal(weights, 1)


def test_permuted_tasks_permute_the_weights():
  order = np.array([2, 0, 1])
  orders = np.array([[0, 1, 2], [2, 0, 1], [1, 2, 0]])
  # Task i is called inverse[i] now, and row i speaks of task order[i].
  inverse = np.argsort(order)
  renamed = inverse[orders[order]]
  ours = project(gram(B), jnp.array(orders))
  theirs = project(gram(B[order]), jnp.array(renamed))
  np.testing.assert_allclose(theirs, ours[order], rtol=1e-5)


def test_tiny_gradients_are_still_projected():
  """The weights do not depend on the unit of the losses."""
  orders = jnp.array([range(3)] * 3)
  weights = project(gram(B), orders)
  for scale in (1e-20, 1e-10, 1e10):
    scaled = project(scale * gram(B), orders)
    np.testing.assert_allclose(scaled, weights, rtol=1e-4)


def test_orders_differ_per_task_and_per_step():
  """Under one order for all, B has six outcomes; drawn apart, up to 6^3."""
  method = pcgrad.make()
  keys = jax.random.split(jax.random.key(0), 300)
  losses, state = jnp.ones(3), method.init(3)
  draw = jax.vmap(lambda key: method.update(losses, gram(B), state, key)[0])
  drawn = {tuple(w) for w in np.round(np.asarray(draw(keys)), 4)}
  single = {
    tuple(np.round(np.asarray(project(gram(B), jnp.array([order] * 3))), 4))
    for order in itertools.permutations(range(3))
  }
  assert len(drawn - single) > 0
  # Each task has two orders of the others: eight outcomes, all drawn.
  assert len(drawn) == 8
