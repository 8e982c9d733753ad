"""Every balancer that solves a problem, against scipy in double precision.

Errors are those of the update, which is unique where the weights are not. The
largest are printed: `pytest -s tests/balancers/test_solvers.py`.
"""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.balancers import solvers
from mtl_jax.balancers.solvers import active_sets
from tests.balancers import problems, references

# Of single precision's 6e-8 this leaves what a condition number of 100 takes.
EXACT = 1e-5

# Not solved for many tasks as for few.
ITERATED = ('mgda', 'sdmgrad', 'cagrad', 'upgrad', 'dualproj')


def exact(name, fields, rows):
  return np.stack([getattr(references, name)(one, **fields) for one in rows])


def error(name, fields, rows):
  weights = problems.weigh(name, fields, rows)
  return problems.worst(
    problems.updates(weights, rows), exact(name, fields, rows)
  )


@pytest.mark.parametrize(
  ('size', 'name', 'fields'),
  [
    (size, name, fields)
    for size in (2, 3, 5, 10, 40)
    for name, fields in problems.CASES
    if size < 40 or name in ITERATED
  ],
  ids=str,
)
def test_the_update_is_exact(size, name, fields):
  wide = error(name, fields, problems.spread(size, 200))
  tight = error(name, fields, problems.spread(size, 2 * size))
  print(f'\n{name:14} {fields} {size:3} tasks: {wide:.0e} {tight:.0e}')
  assert max(wide, tight) < EXACT


@pytest.mark.parametrize('scale', ['min', 'median', 'rmse'])
def test_alignment_is_as_exact_as_the_eigenvalues(scale):
  """Their errors are single precision's of the largest one.

  Lengths apart by 100 make eigenvalues apart by 10^4, of which the least is
  known to 10^-3 only.
  """
  alike, apart = (
    max(
      error('aligned_mtl', {'scale': scale}, problems.spread(k, 200, ratio))
      for k in (3, 10)
    )
    for ratio in (2, 100)
  )
  print(f'\naligned_mtl {scale}: {alike:.0e} {apart:.0e}')
  assert alike < EXACT
  assert apart < 1e-3


@pytest.mark.parametrize('name', ['mgda', 'sdmgrad', 'cagrad', 'upgrad'])
def test_more_tasks_are_solved_like_few(name, monkeypatch):
  rows = problems.spread(5, 8)
  few = problems.updates(problems.weigh(name, {}, rows), rows)
  monkeypatch.setattr(active_sets, 'FEW', 0)
  problems.solver.cache_clear()
  more = problems.updates(problems.weigh(name, {}, rows), rows)
  problems.solver.cache_clear()
  assert problems.worst(more, few) < EXACT


@pytest.mark.parametrize(
  ('name', 'fields'), [case for case in problems.CASES if case[0] != 'imtl_g']
)
@pytest.mark.parametrize('size', [5, 10])
def test_a_task_without_gradient_stands_aside(name, fields, size):
  """Its weight is 1, and the update is that of the others alone."""
  others = problems.spread(size - 1, 2 * size)
  rows = np.insert(others, 2, 0, axis=1)
  weights = problems.weigh(name, fields, rows)
  np.testing.assert_allclose(weights[:, 2], 1, rtol=1e-6)
  expected = exact(name, fields, others)
  assert problems.worst(problems.updates(weights, rows), expected) < EXACT


@pytest.mark.parametrize('prices', [np.ones(4), np.array([1, 0.1, 0, 3])])
def test_projection_is_the_nearest_of_all_faces(prices):
  draw = np.random.default_rng(0)
  run = jax.jit(active_sets.project)
  for x in draw.normal(size=(20, 4)) * [[1, 10, 1, 3]]:
    found = run(jnp.array(x, jnp.float32), jnp.array(prices, jnp.float32))
    nearest = None
    for face in itertools.product([False, True], repeat=4):
      face = np.array(face) & (prices > 0)
      if not face.any():
        continue
      level = (prices[face] @ x[face] - 1) / (prices[face] @ prices[face])
      y = np.where(face, x - level * prices, 0)
      far = np.linalg.norm(y - x * (prices > 0))
      if y.min() >= 0 and (nearest is None or far < nearest[0]):
        nearest = far, y
    np.testing.assert_allclose(found, nearest[1], atol=1e-5)


def test_large_numbers_do_not_swallow_the_simplex():
  found = solvers.project_on_simplex(jnp.array([1e9, 1e9, 0.0]))
  np.testing.assert_allclose(found, [0.5, 0.5, 0])


@pytest.mark.parametrize('rank', [1, 7, 10])
def test_a_singular_matrix_has_its_pseudo_inverse(rank):
  draw = np.random.default_rng(rank)
  rows, x = draw.normal(size=(10, rank)), draw.normal(size=10)
  run = jax.jit(solvers.pseudo_inverse_times)
  found = run(problems.grams(rows[None])[0], jnp.array(x))
  inverse = np.linalg.pinv(rows @ rows.T, rcond=1e-6, hermitian=True)
  assert problems.worst(found[None], (inverse @ x)[None]) < 1e-3
