"""Optimality conditions of the updates, independent of the solver."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.balancers import base
from tests.balancers import problems

few_and_more = pytest.mark.parametrize('size', [5, 10])


def gains(name, fields, size):
  """Weights, each task's gain, and the largest gain for its norm."""
  rows = problems.spread(size, 2 * size)
  weights = problems.weigh(name, fields, rows)
  updates = problems.updates(weights, rows)
  lengths = np.linalg.norm(updates, axis=1, keepdims=True)
  gained = np.einsum('nkp,np->nk', rows, updates)
  return weights, gained, np.linalg.norm(rows, axis=2) * lengths


@few_and_more
@pytest.mark.parametrize(('name', 'regard'), [('mgda', 0), ('sdmgrad', 0.3)])
def test_no_task_gains_less_than_the_mean(name, regard, size):
  fields = {'regard': regard} if regard else {}
  weights, gained, most = gains(name, fields, size)
  shares = (weights * (1 + regard) - regard) / size  # of the simplex
  np.testing.assert_allclose(shares.sum(1), 1, rtol=1e-5)
  assert shares.min() > -1e-6
  least = (shares * gained).sum(1, keepdims=True)
  assert ((gained - least) / most).min() > -1e-5


@few_and_more
@pytest.mark.parametrize('name', ['upgrad', 'dualproj'])
def test_no_task_loses(name, size):
  _, gained, most = gains(name, {}, size)
  assert (gained / most).min() > -1e-5


@few_and_more
@pytest.mark.parametrize('c', [0.4, 0.9])
def test_no_other_way_is_worse(c, size):
  """CAGrad's v has the least `v'Gu + r sqrt(v'Gv)` of all on the simplex."""
  draw = np.random.default_rng(0)
  rows = problems.spread(size, 2 * size)
  weights = problems.weigh('cagrad', {'c': c}, rows)
  for one, found in zip(rows, weights * (1 + c) / size - 1 / size, strict=True):
    v = found / found.sum()
    assert v.min() > -1e-6
    radius = c * np.linalg.norm(one.mean(0))
    np.testing.assert_allclose(np.linalg.norm(found @ one), radius, rtol=1e-5)
    others = np.concatenate([np.eye(size), draw.dirichlet([0.3] * size, 500)])
    nearby = 0.99 * v + 0.01 * others

    def objective(v, one=one, radius=radius):
      way = v @ one
      return way @ one.mean(0) + radius * np.linalg.norm(way, axis=-1)

    least = np.concatenate([objective(others), objective(nearby)]).min()
    assert objective(v) <= least + 1e-6 * np.abs(objective(np.eye(size))).max()


@few_and_more
@pytest.mark.parametrize('alpha', [0.5, 1.0, 2.0])
def test_gains_are_fair(alpha, size):
  """`G w = w^(-1/a)` but for one scale; of alpha 1, `w * (G w)` is constant."""
  weights, gained, _ = gains('fairgrad', {'alpha': alpha}, size)
  products = weights ** (1 / alpha) * gained
  means = products.mean(1, keepdims=True)
  np.testing.assert_allclose(products / means, 1, rtol=1e-4)


@few_and_more
@pytest.mark.parametrize('name', ['imtl_g', 'conflict_free'])
def test_projections_are_equal(name, size):
  _, gained, most = gains(name, {}, size)
  cosines = gained / most
  np.testing.assert_allclose(
    cosines, cosines.mean(1, keepdims=True) + 0 * cosines, rtol=1e-4
  )


@pytest.mark.parametrize(('name', 'fields'), problems.CASES, ids=str)
@few_and_more
def test_no_gram_breaks_it(name, fields, size):
  """Not one is NaN, after the guard: `imtl_g` may have no answer.

  The scale is nothing to a method.
  """
  grams = problems.grams(problems.degenerate(size))
  weights = problems.solver(name, **fields)(grams)
  weights = jax.vmap(base.guard)(weights, grams)[0]
  assert jnp.isfinite(weights).all()
  np.testing.assert_allclose(weights[-1], weights[-2], rtol=1e-4)
