"""Measures of interference against published values and plain numpy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from mtl_jax import interference

ROWS = {
  'A': [[-4, 1, 1], [6, 1, 1]],
  'B': [[3, 0, -1, 2], [-2, 1, 1, -3], [-1, -2, 2, 1]],
  'C': [[2, -1, 1], [-3, 1, 2], [-1, 0, 3]],
}
PUBLISHED = {
  ('cosine', 'A'): [-0.841191],
  ('magnitude_similarity', 'A'): [0.934050],
  ('curvature_bound', 'A'): [2.43665],
  ('cosine', 'B'): [-0.897085, -0.253546, -0.0816497],
  ('magnitude_similarity', 'B'): [0.999405, 0.986013, 0.979796],
  ('curvature_bound', 'B'): [3.57937, 1.55952, 1.16609],
  ('cosine', 'C'): [-0.545545, 0.129099, 0.760639],
}
OF_ALL = {
  ('condition', 'A'): 3.68870,
  ('alignment', 'A'): 0.214286,
  ('condition', 'B'): 6.69905,
  ('alignment', 'B'): 0.128205,
  ('condition', 'C'): 1.64822,
}


def gram(rows):
  rows = jnp.array(rows, jnp.float32)
  return rows @ rows.T


@pytest.mark.parametrize(('measure', 'matrix'), PUBLISHED)
def test_measures_of_pairs(measure, matrix):
  found = interference.OF_PAIRS[measure](gram(ROWS[matrix]))
  above = np.triu_indices(len(found), 1)
  np.testing.assert_allclose(
    found[above], PUBLISHED[measure, matrix], rtol=1e-5
  )
  np.testing.assert_array_equal(found, found.T)
  assert np.isnan(np.diagonal(found)).all()


@pytest.mark.parametrize(('measure', 'matrix'), OF_ALL)
def test_measures_of_all(measure, matrix):
  found = interference.OF_ALL[measure](gram(ROWS[matrix]))
  np.testing.assert_allclose(found, OF_ALL[measure, matrix], rtol=1e-4)


def test_orthogonal_copied_and_negated_tasks():
  rows = [[1, 2, 0], [1, 2, 0], [-1, -2, 0], [0, 0, 3]]
  found = interference.cosines(gram(rows))
  np.testing.assert_allclose(found[0, 1:], [1, -1, 0], atol=1e-6)


def test_a_task_without_a_gradient_has_no_angle():
  found = interference.cosines(gram([[1, 2], [0, 0], [2, 1]]))
  assert np.isnan(found[1]).all()
  np.testing.assert_allclose(found[0, 2], 0.8, rtol=1e-6)


def test_noise_of_the_batch_is_corrected():
  """Two tasks at cosine .6, in noise twice as long as their gradients."""
  draw, steps, size = np.random.default_rng(0), 4000, 10
  truth = np.zeros((2, size))
  truth[0, 0], truth[1, :2] = 1, (0.6, 0.8)
  halves = truth + draw.normal(0, 2 / np.sqrt(size), (2, steps, 2, size))
  cross = np.einsum('sip,sjp->ij', *halves) / steps
  found = interference.corrected_cosines(jnp.array(cross, jnp.float32))
  np.testing.assert_allclose(found[0, 1], 0.6, atol=0.05)
  whole = halves.mean(0)
  plain = np.einsum('sip,sjp->ij', whole, whole) / steps
  biased = interference.cosines(jnp.array(plain, jnp.float32))
  assert biased[0, 1] < 0.3


def test_curvature_of_a_quadratic_is_that_of_its_matrix():
  matrix = np.diag([1.0, 3.0, 0.5])
  matrix[0, 1] = matrix[1, 0] = 0.4

  def loss(p):
    return p['x'] @ jnp.array(matrix, jnp.float32) @ p['x'] / 2

  x = np.array([1.0, -2.0, 0.5])
  gradient = matrix @ x
  params = {'x': jnp.array(x, jnp.float32)}
  new = {'x': jnp.array(x - 0.1 * gradient, jnp.float32)}
  found = interference.curvature(loss, params, new)
  np.testing.assert_allclose(found, gradient @ matrix @ gradient, rtol=1e-5)


def test_curvature_is_the_mean_over_the_way():
  """Of x^4: 12 x^2 times the squared gradient at the start, by its integral."""
  found = interference.curvature(
    lambda x: (x**4).sum(), jnp.array([1.0]), jnp.array([3.0])
  )
  mean = 12 * (3**3 - 1**3) / 3 / 2
  np.testing.assert_allclose(found, 4**2 * mean, rtol=1e-5)


def small_losses(shared):
  targets = jnp.array([[1.0, 0, 2], [0, 1, 1], [-1, 0.5, 0]])
  return jnp.square(jnp.tanh(shared['w'])[None] - targets).sum(1)


def test_look_ahead_is_first_order_at_small_rates():
  shared = {'w': jnp.array([0.3, -0.2, 0.1])}
  rows = jax.jacobian(small_losses)(shared)
  product = rows['w'] @ rows['w'].T
  losses = small_losses(shared)
  for rate, error in ((1e-2, 0.1), (1e-3, 0.02)):
    found = interference.look_ahead(small_losses, shared, rows, rate)
    np.testing.assert_allclose(found.fall, rate * product, rtol=error)
    expected = rate * product / losses[None]
    np.testing.assert_allclose(found.gain, expected, rtol=error)


def test_look_ahead_has_the_helper_in_its_row():
  """A step on task 0 moves what task 1 alone does not."""
  losses = lambda w: jnp.stack([w[0] ** 2, (w[0] + w[1]) ** 2])  # noqa: E731
  w = jnp.array([1.0, 2.0])
  rows = jnp.array([[2.0, 0.0], [6.0, 6.0]])
  found = interference.look_ahead(losses, w, rows, 0.1)
  after = (1 - 0.2 + 2) ** 2
  np.testing.assert_allclose(found.fall[0, 1], 9 - after, rtol=1e-5)
  np.testing.assert_allclose(found.fall[1, 0], 1 - 0.4**2, rtol=1e-5)


def features(seed, rows=40, width=6):
  draw = np.random.default_rng(seed)
  return jnp.array(draw.normal(size=(rows, width)), jnp.float32)


def test_cka_is_blind_to_rotations_and_scale():
  x = features(0)
  turn, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(6, 6)))
  turned = 3 * x @ jnp.array(turn, jnp.float32) + 5
  np.testing.assert_allclose(interference.linear_cka(x, turned), 1, rtol=1e-4)
  assert interference.linear_cka(x, features(2)) < 0.5


@pytest.mark.parametrize('width', [6, 90])
def test_cka_is_its_formula(width):
  x, y = (
    features(0),
    features(3, width=width) + features(0) @ jnp.ones((6, width)),
  )
  a, b = np.array(x, float), np.array(y, float)
  a, b = a - a.mean(0), b - b.mean(0)
  expected = np.linalg.norm(b.T @ a) ** 2 / (
    np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b)
  )
  np.testing.assert_allclose(interference.linear_cka(x, y), expected, rtol=1e-4)


def test_rsa_is_scipys():
  x, y = (
    np.array(features(0)),
    np.array(features(0)[:, :4] + features(4)[:, :4]),
  )
  x[5] = x[7]  # rows that tie
  above = np.triu_indices(len(x), 1)
  unlike = [(1 - np.corrcoef(z))[above] for z in (x, y)]
  expected = stats.spearmanr(*unlike).statistic
  found = interference.rsa(jnp.array(x), jnp.array(y))
  np.testing.assert_allclose(found, expected, rtol=1e-3)


def test_a_row_of_dead_features_leaves_rsa_known():
  x, y = np.array(features(0)), np.array(features(4))
  x[5] = x[6] = 0
  above = np.triu_indices(len(x), 1)
  with np.errstate(invalid='ignore'):
    alike = [np.nan_to_num(np.corrcoef(z)) for z in (x, y)]
  expected = stats.spearmanr(*((1 - a)[above] for a in alike)).statistic
  found = interference.rsa(jnp.array(x), jnp.array(y))
  np.testing.assert_allclose(found, expected, rtol=1e-3)
