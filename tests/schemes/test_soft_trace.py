"""Trace norms of towers' kernels, against numpy's singular values."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.schemes import soft_trace
from tests import small

quick = small.quick

UNFOLDINGS = ('last_axis', 'tucker', 'tensor_train')
SHAPES = [(3, 8), (8, 3), (4, 4), (1, 5)]


value_and_slope = jax.jit(jax.value_and_grad(soft_trace.trace_norm))


def slope_of(a):
  return np.asarray(value_and_slope(a)[1])


def matrix(shape, seed=0):
  draw = np.random.default_rng(seed)
  return jnp.array(np.float32(draw.normal(size=shape)))


def nuclear(a):
  return np.linalg.svd(np.asarray(a, np.float64), compute_uv=False).sum()


@pytest.mark.parametrize('shape', SHAPES)
def test_trace_norm_is_the_sum_of_singular_values(shape):
  a = matrix(shape)
  np.testing.assert_allclose(value_and_slope(a)[0], nuclear(a), rtol=1e-4)


@pytest.mark.parametrize('shape', SHAPES)
def test_gradient_is_u_v(shape):
  a = matrix(shape)
  u, _, v = np.linalg.svd(np.asarray(a, np.float64), full_matrices=False)
  gradient = slope_of(a)
  np.testing.assert_allclose(gradient, u @ v, atol=1e-3)


def test_gradient_is_the_slope():
  a, direction = matrix((3, 6)), np.asarray(matrix((3, 6), seed=1))
  far, near = (nuclear(np.asarray(a) + s * direction) for s in (1e-4, -1e-4))
  gradient = slope_of(a)
  np.testing.assert_allclose(
    (gradient * direction).sum(), (far - near) / 2e-4, atol=2e-3
  )


def test_gradient_is_scaled_by_what_comes_from_above():
  a = matrix((3, 6))
  gradient = slope_of(a)
  twice = jax.jit(jax.grad(lambda a: 2 * soft_trace.trace_norm(a)))(a)
  np.testing.assert_allclose(twice, 2 * gradient, rtol=1e-6)


def test_zero_has_value_and_gradient_zero():
  value, gradient = value_and_slope(jnp.zeros((3, 5)))
  assert value == 0
  assert not gradient.any()


def test_equal_rows_have_a_finite_gradient():
  row = matrix((1, 6))
  a = jnp.concatenate([row] * 3)
  value, gradient = value_and_slope(a)
  norm = np.linalg.norm(row)
  np.testing.assert_allclose(value, np.sqrt(3) * norm, rtol=1e-4)
  np.testing.assert_allclose(gradient, a / (np.sqrt(3) * norm), atol=1e-4)


def unfolded(w, unfolding):
  """The definitions of methods.md for `[d1, ..., dm, K]`, in plain numpy."""
  last = w.ndim - 1
  if unfolding == 'last_axis':
    return [np.moveaxis(w, last, 0).reshape(w.shape[last], -1)]
  if unfolding == 'tucker':
    return [
      np.moveaxis(w, axis, 0).reshape(w.shape[axis], -1)
      for axis in range(w.ndim)
    ]
  return [w.reshape(int(np.prod(w.shape[:k])), -1) for k in range(1, last + 1)]


def kernels(params):
  flat = jax.tree_util.tree_leaves_with_path(params['towers'])
  ends = ('kernel', 'embedding')
  return [np.asarray(w) for path, w in flat if path[-1].key.endswith(ends)]


@pytest.mark.parametrize('encoder', small.ENCODERS)
@pytest.mark.parametrize('unfolding', UNFOLDINGS)
def test_penalty_sums_over_kernels(unfolding, encoder):
  scheme = small.scheme('soft_trace', encoder, unfolding=unfolding)
  params = small.params(scheme, small.inputs(encoder))
  expected = sum(
    nuclear(m)
    for w in kernels(params)
    for m in unfolded(np.moveaxis(w, 0, -1), unfolding)
  )
  penalty = jax.jit(scheme.penalty)(params)
  np.testing.assert_allclose(penalty, expected, rtol=1e-4)


@pytest.mark.parametrize('unfolding', UNFOLDINGS)
@pytest.mark.parametrize('factor', [0.0, 1.0])
def test_gradient_is_finite_at_equal_towers_and_at_zero(unfolding, factor):
  scheme = small.scheme('soft_trace', unfolding=unfolding)
  params = small.params(scheme, small.inputs())
  tied = jax.tree.map(
    lambda w: factor * jnp.stack([w[0]] * 3), params['towers']
  )
  gradients = jax.jit(jax.grad(scheme.penalty))({**params, 'towers': tied})
  assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradients))


def test_equal_towers_weigh_root_k_times_one():
  scheme = small.scheme('soft_trace')
  params = small.params(scheme, small.inputs())
  tied = jax.tree.map(lambda w: jnp.stack([w[0]] * 3), params['towers'])
  penalty = jax.jit(scheme.penalty)({**params, 'towers': tied})
  norms = sum(np.linalg.norm(w[0]) for w in kernels(params))
  np.testing.assert_allclose(penalty, np.sqrt(3) * norms, rtol=1e-4)


def test_one_tower_is_its_frobenius_norm():
  scheme = small.scheme('soft_trace', tasks=small.TASKS[:1])
  params = small.params(scheme, small.inputs())
  norms = sum(np.linalg.norm(w) for w in kernels(params))
  np.testing.assert_allclose(jax.jit(scheme.penalty)(params), norms, rtol=1e-5)


def test_vectors_unfold_one_way():
  w = matrix((5, 3))
  actual = [
    sum(map(nuclear, soft_trace._UNFOLDINGS[name](w)))
    for name in ('last_axis', 'tensor_train')
  ]
  np.testing.assert_allclose(actual[0], actual[1], rtol=1e-6)


def test_unknown_unfolding_is_refused():
  with pytest.raises(ValueError, match="'first_axis' is none of last_axis"):
    small.scheme('soft_trace', unfolding='first_axis')
