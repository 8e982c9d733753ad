"""Losses after tuning on some tasks, against tuning itself."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

from mtl_jax.interference import grad_tag, linearised
from tests import small

quick = small.quick

K, INPUTS, ROWS = 3, 4, 40
DRAW = np.random.default_rng(0)
X = {n: DRAW.normal(size=(ROWS, INPUTS)).astype('f') for n in ('fit', 'judge')}
# Every task has its part of the common weights.
Y = {
  name: x @ DRAW.normal(size=(INPUTS, K)).astype('f')
  + DRAW.normal(size=(ROWS, K)).astype('f')
  for name, x in X.items()
}
PARAMS = {
  'shared': DRAW.normal(size=INPUTS).astype('f'),
  'own': 0.1 * DRAW.normal(size=K).astype('f'),
}
SIZE = INPUTS + K


def predict(params, name):
  """Tasks share weights and have an offset each: linear in parameters."""
  return (jnp.asarray(X[name]) @ params['shared'])[:, None] + (
    params['own'][None]
  )


def losses(linear, name):
  def of_point(point):
    return jnp.square(linear[name].at(point) - Y[name]).mean(0)

  return of_point


@pytest.fixture(scope='module')
def linear():
  """In as many directions as there are parameters, which reach all points."""
  return {
    name: linearised.project(
      lambda p, name=name: predict(p, name), PARAMS, jax.random.key(1), SIZE
    )
    for name in X
  }


def truly_tuned(members):
  """Least squares on the rows of all members, judged on the other rows."""
  blocks = {
    name: np.concatenate(
      [np.hstack([x, np.tile(np.eye(K)[t], (ROWS, 1))]) for t in members]
    )
    for name, x in X.items()
  }
  wanted = np.concatenate([Y['fit'][:, t] for t in members])
  found = np.linalg.lstsq(blocks['fit'], wanted, rcond=None)[0]
  error = X['judge'] @ found[:INPUTS] - Y['judge'].T
  return np.square(error + found[INPUTS:, None]).mean(1)


@pytest.mark.parametrize('members', [(0,), (0, 2), (0, 1, 2)])
def test_of_a_linear_model_it_is_the_loss_after_tuning(linear, members):
  chosen = jnp.asarray(np.isin(np.arange(K), members))
  point = grad_tag.tuned(losses(linear, 'fit'), chosen, SIZE, ridge=1e-6)
  found = losses(linear, 'judge')(point)
  for task in members:
    assert float(found[task]) == pytest.approx(
      truly_tuned(members)[task], rel=1e-3
    )


def test_absolute_errors_are_tuned_to_their_minimum(linear):
  """They have no curvature anywhere, which Newton's method would need."""

  def absolute(point):
    return jnp.abs(linear['fit'].at(point) - Y['fit']).mean(0)

  members = jnp.array([True, False, True])
  point = grad_tag.tuned(absolute, members, SIZE)
  slopes = np.asarray(linear['fit'].slopes)[:, :, members]
  start = np.asarray(linear['fit'].predictions - Y['fit'])[:, members]
  count = start.size
  # Each residual is the difference of two numbers that are not negative.
  lowest = scipy.optimize.linprog(
    np.r_[np.zeros(SIZE), np.full(2 * count, 1 / ROWS)],
    A_eq=np.hstack([slopes.reshape(SIZE, -1).T, -np.eye(count), np.eye(count)]),
    b_eq=-start.ravel(),
    bounds=[(None, None)] * SIZE + [(0, None)] * (2 * count),
  ).fun
  found = float(absolute(point)[members].sum())
  assert lowest < 0.9 * np.abs(start).mean(0).sum()
  assert found == pytest.approx(lowest, rel=1e-3)


def test_affinity_is_a_mean_over_the_subsets_with_both(linear):
  chosen = np.array([[1, 1, 0], [1, 1, 1]], bool)
  found = grad_tag.affinity(
    losses(linear, 'fit'), losses(linear, 'judge'), chosen, SIZE, 1e-6
  )
  alone = np.array([truly_tuned((t,))[t] for t in range(K)])
  pair, every = truly_tuned((0, 1)), truly_tuned((0, 1, 2))
  both = 1 - (pair + every) / 2 / alone
  np.testing.assert_allclose(found[0, 1], both[1], atol=1e-3)
  np.testing.assert_allclose(found[1, 0], both[0], atol=1e-3)
  np.testing.assert_allclose(found[2, 0], 1 - every[0] / alone[0], atol=1e-3)
  assert np.isnan(np.diag(found)).all()


def test_slopes_are_those_of_forward_differentiation():
  """Of a network, whose layers have rules in reverse mode alone."""
  system, split = small.system(), small.split(rows=6)
  params = jax.device_get(small.params(system.scheme, split.inputs))

  def predicted(tree):
    return system.scheme.apply({'params': tree}, split.inputs, False)

  @jax.jit
  def both(params):
    found = linearised.project(predicted, params, jax.random.key(2), 2)
    step = 1e-2
    key = jax.random.split(jax.random.key(2), 2)[1]
    direction = linearised._normal(key, params)
    ends = [
      predicted(jax.tree.map(lambda p, d, s=s: p + s * d, params, direction))
      for s in (step, -step)
    ]
    return found.slopes, jax.tree.map(lambda a, b: (a - b) / (2 * step), *ends)

  slopes, differences = both(params)
  for slope, difference in zip(
    jax.tree.leaves(slopes), jax.tree.leaves(differences), strict=True
  ):
    np.testing.assert_allclose(slope[1], difference, rtol=0.05, atol=0.05)


@pytest.mark.parametrize(
  ('num_tasks', 'count', 'size'), [(2, 1, 2), (3, 3, 2), (5, 10, 3), (9, 50, 5)]
)
def test_subsets_are_of_half_of_the_tasks(num_tasks, count, size):
  found = grad_tag.subsets(num_tasks)
  assert found.shape == (count, num_tasks)
  assert (found.sum(1) == size).all()
  # Every two tasks meet.
  assert ((found.T.astype(int) @ found) > 0).all()
