"""Factorised weights that are those of given towers, or of one for all."""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests import small
from tests.schemes import reference
from tests.schemes.test_dmtrl import FORMS, KERNELS
from tests.schemes.test_reductions import (
  assert_same,
  heads,
  losses,
  tower,
  towers,
)

quick = small.quick

K = len(small.TASKS)


def laid_out(form, towers, decompose):
  """Parameters of dmtrl whose kernels are those of `towers`."""
  result = {}
  for i in range(len(towers)):
    dense = towers[f'stage_{i}']['Dense_0']
    result[f'own_{i}_Dense_0_bias'] = dense['bias']
    for name, factor in decompose(i, dense['kernel']).items():
      result[f'{name}_{KERNELS[i]}'] = factor
  return result


def as_they_are(i, kernel):
  return {'shared_factors': kernel, 'own_factors': jnp.eye(K)}


def orthogonal(matrix):
  """A basis of the columns' whole space, the largest first."""
  return np.linalg.svd(np.asarray(matrix, np.float64))[0].astype(np.float32)


def unfolded(w, axis):
  return np.moveaxis(w, axis, 0).reshape(w.shape[axis], -1)


def higher_order_svd(given):
  """`kernel -> factors`, their bases those of the kernels `given`."""

  def decompose(i, kernel):
    w = np.asarray(given[f'stage_{i}']['Dense_0']['kernel'])
    own, one, two = (orthogonal(unfolded(w, axis)) for axis in range(3))
    core = jnp.einsum('tij,ta,ib,jc->abc', kernel, own, one, two)
    return {
      'shared_core': core,
      'own_factors': own,
      'shared_factor_1': one,
      'shared_factor_2': two,
    }

  return decompose


def train_svd(given):
  """`kernel -> cores` by sweeping over the axes, tasks last."""

  def decompose(i, kernel):
    w = np.asarray(given[f'stage_{i}']['Dense_0']['kernel'])
    first = orthogonal(unfolded(w, 1))
    rest = np.einsum('tij,ia->ajt', w, first).reshape(-1, K)
    own = np.linalg.svd(rest)[2].T  # [K, r]: tasks to the last rank
    last = jnp.einsum('tij,ia,tr->ajr', kernel, first, own)
    return {
      'shared_core_1': first[None],
      'shared_core_2': last,
      'own_factors': own,
    }

  return decompose


@pytest.mark.parametrize('form', FORMS)
def test_full_rank_factors_of_towers_are_single(form):
  """Factors of given towers reproduce them, and their gradients."""
  given = towers('mlp', K)
  decompose = {
    'last_axis': as_they_are,
    'tucker': higher_order_svd(given),
    'tensor_train': train_svd(given),
  }[form]
  actual, single = losses('dmtrl', 'mlp', form=form), losses('single', 'mlp')
  assert_same(
    lambda w, h: actual(laid_out(form, w, decompose), h),
    lambda w, h: single({'towers': w}, h),
    given,
    heads('mlp'),
  )


def test_one_kernel_for_all_is_hard():
  """Rank 1 with S = 1, and equal biases."""
  actual = losses('dmtrl', 'mlp', rank=1)
  hard = losses('hard', 'mlp')

  def one(w):
    result = {}
    for i in range(2):
      dense = w[f'stage_{i}']['Dense_0']
      bias = jnp.broadcast_to(dense['bias'], (K, len(dense['bias'])))
      result |= {
        f'own_{i}_Dense_0_bias': bias,
        f'shared_factors_{KERNELS[i]}': dense['kernel'][None],
        f'own_factors_{KERNELS[i]}': jnp.ones((K, 1)),
      }
    return result

  assert_same(
    lambda w, h: actual(one(w), h),
    lambda w, h: hard({'shared_encoder': w}, h),
    tower('mlp'),
    heads('mlp'),
  )


def test_texts_are_single_too():
  """Embeddings are kernels of words; all other weights are the tasks' own."""
  given, split = towers('lstm', K), small.split('lstm')
  scheme = small.scheme('dmtrl', 'lstm')
  leaves = jax.tree_util.tree_leaves_with_path(given)
  params = {}
  for path, leaf in leaves:
    stage, *rest = (p.key for p in path)
    name = '_'.join([stage.removeprefix('stage_'), *rest])
    if name.endswith(('kernel', 'embedding')):
      params[f'shared_factors_{name}'] = leaf
      params[f'own_factors_{name}'] = jnp.eye(K)
    else:
      params[f'own_{name}'] = leaf
  own = heads('lstm')
  actual = small.losses(scheme, split)({**params, **own})
  single = small.losses(small.scheme('single', 'lstm'), split)
  np.testing.assert_allclose(
    actual, single({'towers': given, **own}), rtol=1e-5
  )


class Normed(nn.Module):
  """A dense layer, batch normalisation and dropout."""

  rate: float = 0.0

  @nn.compact
  def __call__(self, x, train):
    x = nn.BatchNorm(not train, momentum=0.5)(nn.Dense(4)(x))
    return nn.Dropout(self.rate, deterministic=not train)(x)


def normed(name, **fields):
  stages = (functools.partial(Normed, **fields),) * 2
  return small.scheme(name).clone(stages=stages)


def test_running_statistics_are_those_of_single():
  """With all stages normalised, in training and at evaluation."""
  x, single, actual = small.inputs(), normed('single'), normed('dmtrl')
  given = reference.start(single, x)
  towers = given['params']['towers']
  params = {k: v for k, v in given['params'].items() if 'head' in k}
  for i in range(2):
    norm = towers[f'stage_{i}']['BatchNorm_0']
    params |= {
      f'own_{i}_BatchNorm_0_{part}': norm[part] for part in ('scale', 'bias')
    }
  params |= laid_out('last_axis', towers, as_they_are)
  start = reference.start(actual, x)['batch_stats']

  @functools.partial(jax.jit, static_argnums=0)
  def trained(scheme, variables):
    out, new = scheme.apply(variables, x, True, mutable=['batch_stats'])
    return out, scheme.apply({**variables, **new}, x, False), new

  *outs, new = trained(actual, {'params': params, 'batch_stats': start})
  *expected, stats = trained(single, given)
  for one, other in zip(outs, expected, strict=True):
    reference.close(one, other, 1e-5)
  for i in range(2):
    result = new['batch_stats'][f'stage_{i}']['batch_stats']
    wanted = stats['batch_stats']['towers'][f'stage_{i}']
    small.close(result, wanted, 1e-5)
    assert result['BatchNorm_0']['mean'].any()


def test_dropout_differs_between_towers():
  scheme, x = normed('dmtrl', rate=0.5), small.inputs()
  scheme = scheme.clone(heads=(lambda name: lambda h: h,) * K)
  variables = reference.start(scheme, x)

  def apply(key):
    rngs = {'dropout': key}
    return scheme.apply(variables, x, True, rngs=rngs, mutable=True)[0]

  out = np.stack(jax.jit(apply)(jax.random.key(0)))
  dropped = out == 0
  assert 0.3 < dropped.mean() < 0.7
  assert (dropped[0] != dropped[1]).any()
  assert (dropped[1] != dropped[2]).any()
