"""Golden values of MGDA: a numpy reference in float64, and TorchJD's code."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.balancers import base, mgda
from tests import small

quick = small.quick

A = np.array([[-4, 1, 1], [6, 1, 1]])
B = np.array([[3, 0, -1, 2], [-2, 1, 1, -3], [-1, -2, 2, 1]])
C = np.array([[2, -1, 1], [-3, 1, 2], [-1, 0, 3]])

weigh = jax.jit(mgda.weigh, static_argnums=2)


def weights(rows, losses=None, normalise='none'):
  losses = jnp.ones(len(rows)) if losses is None else jnp.array(losses)
  gram = jnp.array(rows @ rows.T, jnp.float32)
  return np.asarray(weigh(gram, losses, normalise), np.float64)


def assert_near(ours, theirs, tolerance=2e-4):
  error = np.linalg.norm(ours - np.array(theirs))
  assert error <= tolerance * np.linalg.norm(theirs)


def shortest_mean(rows):
  """By trying all faces of the simplex, each a linear system in float64."""
  best = np.full(rows.shape[1], np.inf)
  for size in range(1, len(rows) + 1):
    for face in itertools.combinations(rows, size):
      ones = np.ones((size, 1))
      system = np.block([[face @ np.transpose(face), ones], [ones.T, 0]])
      share = np.linalg.lstsq(system, np.eye(size + 1)[-1])[0][:size]
      mean = share @ face
      if share.min() >= -1e-9 and mean @ mean < best @ best:
        best = mean
  return best


@pytest.mark.parametrize(
  ('rows', 'published', 'shares'),
  [
    (A, [0, 1, 1], [0.6, 0.4]),
    (
      B,
      [0.289246, 0.0160692, 0.347342, -0.147095],
      [0.420272, 0.391842, 0.187886],
    ),
    (C, [0.166667, -0.266667, 1.36667], [0.633333, 0.366667, 0]),
  ],
  ids='ABC',
)
def test_golden_step_and_shares(rows, published, shares):
  found = weights(rows) / len(rows)
  assert_near(rows.T @ found, published, 1e-5)
  np.testing.assert_allclose(found, shares, atol=1e-5)


@pytest.mark.parametrize(
  ('rows', 'published'),
  [
    (A, [0.0152597, 0.198962, 0.198962]),
    (B, [0.0792735, 0.00625558, 0.0928826, -0.0413069]),
    (C, [0.00735643, -0.0704935, 0.471385]),
  ],
  ids='ABC',
)
def test_golden_direction_of_unit_gradients(rows, published):
  """Up to its length: published weights do not sum to one."""
  step = rows.T @ weights(rows, normalise='l2')
  unit = np.array(published) / np.linalg.norm(published)
  assert_near(step / np.linalg.norm(step), unit)


@pytest.mark.parametrize('normalise', ['l2', 'loss', 'loss+'])
def test_normalised_is_plain_on_divided_gradients(normalise):
  losses = np.array([2, 0.5, 1], np.float32)
  by = {'l2': np.linalg.norm(B, axis=1), 'loss': losses}
  by['loss+'] = by['l2'] * by['loss']
  divided = weights(B / by[normalise][:, None]) / by[normalise]
  expected = divided / divided.sum() * 3
  assert_near(weights(B, losses, normalise), expected)


@pytest.mark.parametrize('num_tasks', [2, 4, 6, 8])
def test_the_shortest_mean_whatever_the_norms(num_tasks):
  """By faces or by iteration, of ranks below the number of tasks too."""
  draw = np.random.default_rng(num_tasks)
  for rank in (2, num_tasks, 2 * num_tasks):
    rows = draw.normal(size=(num_tasks, rank)) + 1
    rows *= 10 ** draw.uniform(-1, 1, size=(num_tasks, 1))
    found = weights(rows)
    assert found.min() >= 0
    assert found.sum() == pytest.approx(num_tasks, rel=1e-5)
    error = rows.T @ found / num_tasks - shortest_mean(rows)
    assert np.linalg.norm(error) <= 2e-4 * np.linalg.norm(rows, axis=1).min()


def test_no_task_gets_worse():
  for seed in range(20):
    rows = np.random.default_rng(seed).normal(size=(5, 6))
    share = weights(rows) / 5
    towards = rows @ rows.T @ share
    assert towards.min() >= share @ towards - 1e-5


def test_orthogonal_gradients_weigh_the_inverse_of_their_squares():
  rows = np.diag([1.0, 2.0, 4.0])
  inverse = np.array([1, 1 / 4, 1 / 16])
  np.testing.assert_allclose(weights(rows), 3 * inverse / inverse.sum(), 1e-5)


@pytest.mark.parametrize('num_tasks', [3, 8])
def test_a_zero_gradient_stands_aside(num_tasks):
  rows = np.random.default_rng(0).normal(size=(num_tasks, 10))
  without = weights(rows)
  padded = weights(np.insert(rows, 1, 0, axis=0))
  assert padded[1] == 1
  np.testing.assert_allclose(np.delete(padded, 1), without, 1e-4, 1e-5)


def test_a_loss_that_cannot_divide_is_a_fallback():
  gram = jnp.array(B @ B.T, jnp.float32)
  found = weigh(gram, jnp.array([1.0, -1.0, 2.0]), 'loss')
  kept, failed = base.guard(found, gram)
  np.testing.assert_array_equal(kept, 1)
  assert failed == 1


def test_an_unknown_normaliser_is_refused():
  with pytest.raises(ValueError, match=r'l3.*loss\+'):
    mgda.make(normalise='l3')
