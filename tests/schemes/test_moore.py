"""Mixture of orthogonal experts: the basis, and what is read from it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.schemes import base, moore
from mtl_jax.train.losses import task_losses
from tests import small
from tests.schemes import plain
from tests.schemes.test_reductions import (
  K,
  assert_same,
  heads,
  losses,
  mixture,
  tower,
)

quick = small.quick


def vectors(experts, rows=5, channels=7):
  drawn = np.random.default_rng(0).normal(size=(experts, rows, channels))
  return drawn.astype(np.float32)


def by_qr(vectors):
  """Orthonormal rows `[E, B, C]`, each on its own vector's side."""
  q, r = np.linalg.qr(np.asarray(vectors, np.float64).transpose(1, 2, 0))
  signs = np.sign(np.einsum('bee->be', r))
  return (q * signs[:, None]).transpose(2, 0, 1)


@pytest.mark.parametrize('experts', [1, 3, 7])
def test_the_basis_is_orthonormal_in_each_row(experts):
  given = vectors(experts)
  basis = moore.orthonormal(list(jnp.array(given)))
  products = np.einsum('ebc,fbc->bef', basis, basis)
  np.testing.assert_allclose(
    products, np.broadcast_to(np.eye(experts), products.shape), atol=1e-5
  )
  np.testing.assert_allclose(basis, by_qr(given), atol=1e-5)


def test_a_task_reads_tanh_of_its_weights_in_the_basis():
  scheme, x = small.scheme('moore', num_experts=2), small.inputs()
  params = small.params(scheme, x)
  actual, kept = plain.applied(scheme, params, x)
  p, x = plain.host((params, x))
  basis = pair(plain.encoders(p['shared_experts'], x))
  features = np.tanh(np.einsum('te,ebc->tbc', p['blend'], basis))
  small.close(actual, plain.heads(p, features), 1e-4)
  recorded = {'weight (task, expert)': params['blend']}
  small.close(dict(kept['intermediates']), recorded)


def pair(features):
  """A basis of two; where a vector is 0, or made up, it has no direction."""

  def unit(v):
    length = np.linalg.norm(v, axis=-1, keepdims=True)
    return np.where(length > 1e-12, v / np.maximum(length, 1e-12), 0)

  first, second = features
  first = unit(first)
  along = (first * second).sum(-1, keepdims=True)
  return np.stack([first, unit(second - along * first)])


def test_one_expert_is_hard_on_normalised_features():
  scheme = small.scheme('moore', num_experts=1)
  blend = small.params(scheme, small.inputs())['blend']
  split = small.split()
  encoder = base.Encoder(small.stages())

  def by_hand(tower, blend, heads):
    h = encoder.apply({'params': tower}, split.inputs, False)
    length = jnp.sqrt(jnp.maximum((h**2).sum(1, keepdims=True), 1e-16))
    features = [jnp.tanh(blend[t, 0] * h / length) for t in range(K)]
    dense = [heads[f'head_{t}']['Dense_0'] for t in range(K)]
    predictions = tuple(
      h @ d['kernel'] + d['bias'][None]
      for h, d in zip(features, dense, strict=True)
    )
    return task_losses(small.TASKS, predictions, split)

  actual = losses('moore', 'mlp', num_experts=1)
  assert_same(
    lambda w, b, h: actual(mixture(w, 1, 0), {'blend': b}, h),
    by_hand,
    tower('mlp'),
    blend,
    heads('mlp'),
  )


def test_lengths_of_experts_do_not_matter():
  """Only where they point: ReLU layers scale with their last kernel."""
  scheme, x = small.scheme('moore', num_experts=2), small.inputs()
  params = small.params(scheme, x)
  last = params['shared_experts']['stage_1']
  factors = np.float32([3, 0.5])
  scaled = jax.tree.map(lambda w: jnp.einsum('e...,e->e...', w, factors), last)
  longer = {**params['shared_experts'], 'stage_1': scaled}
  actual, desired = (
    plain.applied(scheme, params | {'shared_experts': towers}, x)[0]
    for towers in (params['shared_experts'], longer)
  )
  small.close(actual, desired, 1e-4)


def gradients(first, second):
  def total(*vectors):
    return jnp.sin(3 * moore.orthonormal(list(vectors))).sum()

  return jax.grad(total, (0, 1))(first, second)


@pytest.mark.parametrize('factors', [(1, 1.7), (1, 0), (0, 1), (0, 0)])
def test_a_vector_that_is_made_up_by_others_has_no_direction(factors):
  """Nor a gradient; not the 1e8 of what rounding leaves of it."""
  given = jnp.array(vectors(1, rows=200, channels=4))[0]
  first, second = (f * given for f in factors)
  one, other = moore.orthonormal([first, second])
  np.testing.assert_allclose(
    np.linalg.norm(one, axis=-1), float(factors[0] > 0), rtol=1e-5
  )
  np.testing.assert_allclose(
    np.linalg.norm(other, axis=-1), float(factors == (0, 1)), rtol=1e-5
  )
  for factor, gradient in zip(factors, gradients(first, second), strict=True):
    assert np.abs(gradient).max() < 1e3
    assert factor or not gradient.any()


def test_experts_of_few_active_channels_are_orthogonal_all_the_same():
  """ReLU features often lie along one channel, or nowhere."""
  drawn = np.maximum(vectors(2, rows=2000, channels=4), 0)
  basis = moore.orthonormal(list(jnp.array(drawn)))
  products = np.einsum('ebc,fbc->bef', basis, basis)
  np.testing.assert_allclose(products[:, 0, 1], 0, atol=2e-3)
  lengths = products[:, [0, 1], [0, 1]]
  np.testing.assert_allclose(lengths, lengths.round(), atol=1e-5)
  assert set(lengths.round().ravel()) == {0, 1}
  assert max(np.abs(s).max() for s in gradients(*jnp.array(drawn))) < 1e6


def test_narrow_features_are_made_orthogonal_in_float32():
  given = jnp.array(vectors(7, rows=50)).astype(jnp.bfloat16)
  basis = moore.orthonormal(list(given))
  assert basis.dtype == jnp.bfloat16
  wide = moore.orthonormal(list(given.astype(jnp.float32)))
  np.testing.assert_array_equal(basis, wide.astype(jnp.bfloat16))


def test_weights_start_as_those_of_a_dense_layer():
  blend = plain.starts(small.scheme('moore'), small.inputs(), 20)['blend']
  assert blend.shape == (20, K, 4)
  plain.assert_normal(blend, 0.5)


def test_more_experts_than_channels_are_refused():
  scheme = small.scheme('moore', num_experts=5)
  said = '5 experts cannot be orthogonal in 4 channels; lower num_experts'
  with pytest.raises(ValueError, match=said):
    jax.eval_shape(
      lambda: scheme.init(jax.random.key(0), small.inputs(), False)
    )


def test_less_than_one_expert_is_refused():
  with pytest.raises(ValueError, match='num_experts is 0; take 1 or more'):
    small.scheme('moore', num_experts=0)
