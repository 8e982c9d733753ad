"""Factorised weights of towers: the three forms, exact and at the start."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.schemes import dmtrl
from tests import small
from tests.schemes import plain, reference

quick = small.quick

K = len(small.TASKS)
FORMS = ('last_axis', 'tucker', 'tensor_train')
KERNELS = ('0_Dense_0_kernel', '1_Dense_0_kernel')


# --- The definitions of methods.md in plain numpy, tasks on axis 0


def last_axis(factors, own):
  return sum(
    np.multiply.outer(own[:, r], factors[r]) for r in range(len(factors))
  )


def tucker(core, factors, own):
  """Core `[K, r1, ..., rm]`, factors `[d, r]`."""
  result = core
  for axis, factor in enumerate([own, *factors]):
    result = np.moveaxis(np.tensordot(factor, result, (1, axis)), 0, axis)
  return result


def tensor_train(cores, own):
  """Entry by entry a product of matrices."""
  shape = [core.shape[1] for core in cores]
  result = np.zeros((len(own), *shape))
  for index in np.ndindex(*shape):
    product = np.eye(1)
    for core, i in zip(cores, index, strict=True):
      product = product @ core[:, i]
    result[(slice(None), *index)] = own @ product[0]
  return result


def built(form, named):
  """`[K, ...]` from what the scheme stores under these names."""
  own = named['own_factors']
  count = sum(name[:-1] in ('shared_factor_', 'shared_core_') for name in named)
  if form == 'last_axis':
    return last_axis(named['shared_factors'], own)
  if form == 'tucker':
    factors = [named[f'shared_factor_{i + 1}'] for i in range(count)]
    return tucker(named['shared_core'], factors, own)
  return tensor_train(
    [named[f'shared_core_{i + 1}'] for i in range(count)], own
  )


def named(params, kernel):
  """Factors of one kernel, without its name as their suffix."""
  end = f'_{kernel}'
  return {k.removesuffix(end): v for k, v in params.items() if k.endswith(end)}


def made(form, shape, k=K, rank=0, seed=0, started=None):
  """A kernel as the scheme makes it, and the factors that it asked for."""
  drawn = started if started is not None else jnp.ones((max(k, rank), *shape))
  factors, keys = {}, iter(jax.random.split(jax.random.key(seed), 99))

  def ask(kind, start, *given):
    result = start(next(keys), *given)
    if started is None:
      result = jax.random.normal(next(keys), result.shape)
    factors[kind] = result
    return result

  kernel = dmtrl._FORMS[form](ask, drawn, k, rank)
  return np.asarray(kernel), jax.device_get(factors)


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize(
  ('shape', 'rank'), [((5, 6), 0), ((2, 3, 2, 4), 0), ((2, 3, 2, 4), 2)]
)
def test_kernels_are_products_of_their_factors(form, shape, rank):
  kernel, factors = made(form, shape, rank=rank)
  assert kernel.shape == (K, *shape)
  expected = built(form, factors)
  np.testing.assert_allclose(kernel, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('form', FORMS)
def test_each_task_runs_the_tower_of_its_kernels(form):
  scheme, x = small.scheme('dmtrl', form=form), small.inputs()
  params = jax.device_get(small.params(scheme, x))
  out, _ = reference.run(scheme, {'params': params}, x)
  features = [np.asarray(x)] * K
  for i, name in enumerate(KERNELS):
    kernels = built(form, named(params, name))
    biases = params[f'own_{i}_Dense_0_bias']
    features = [
      np.maximum(h @ kernels[t] + biases[t], 0) for t, h in enumerate(features)
    ]
  reference.close(out, plain.heads(params, features))


# --- Ranks


@pytest.mark.parametrize(
  ('form', 'rank', 'shapes'),
  [
    ('last_axis', 0, {'shared_factors': (3, 5, 6), 'own_factors': (3, 3)}),
    ('last_axis', 2, {'shared_factors': (2, 5, 6), 'own_factors': (3, 2)}),
    (
      'tucker',
      2,
      {
        'shared_core': (3, 2, 2),
        'shared_factor_1': (5, 2),
        'shared_factor_2': (6, 2),
        'own_factors': (3, 3),
      },
    ),
    (
      'tensor_train',
      0,
      {
        'shared_core_1': (1, 5, 5),
        'shared_core_2': (5, 6, 3),
        'own_factors': (3, 3),
      },
    ),
    (
      'tensor_train',
      2,
      {
        'shared_core_1': (1, 5, 2),
        'shared_core_2': (2, 6, 2),
        'own_factors': (3, 2),
      },
    ),
  ],
)
def test_ranks_are_as_given_or_as_much_as_there_is(form, rank, shapes):
  _, factors = made(form, (5, 6), rank=rank)
  assert {name: leaf.shape for name, leaf in factors.items()} == shapes


@pytest.mark.parametrize('form', ['tucker', 'tensor_train'])
def test_ranks_end_at_64_unless_told_otherwise(form):
  def ranks(rank):
    result = jax.eval_shape(lambda: _factors(form, (80, 70), rank))
    return {n for leaf in jax.tree.leaves(result) for n in leaf.shape}

  assert ranks(0) - {80, 70, K, 1} == {64}
  assert ranks(66) - {80, 70, K, 1} == {66}


def _factors(form, shape, rank):
  result = {}

  def ask(kind, start, *given):
    result[kind] = start(jax.random.key(0), *given)
    return result[kind]

  dmtrl._FORMS[form](ask, jnp.ones((K, *shape)), K, rank)
  return result


# --- The start


@pytest.mark.parametrize(
  ('form', 'rank'),
  [('last_axis', 0), ('last_axis', 5), ('tucker', 0), ('tensor_train', 0)],
)
def test_towers_start_apart_with_the_size_that_one_alone_has(form, rank):
  draw = np.random.default_rng(0)
  started = jnp.array(0.1 * draw.normal(size=(max(rank, K), 30, 40)))
  kernel, _ = made(form, (30, 40), rank=rank, started=started)
  np.testing.assert_allclose(kernel.std(axis=(1, 2)), 0.1, rtol=0.25)
  related = np.corrcoef(kernel.reshape(K, -1))
  assert np.abs(related - np.eye(K)).max() < 0.2


def test_fewer_kernels_than_tasks_start_at_their_size_on_average():
  """S ~ N(0, 1/R)."""
  draw = np.random.default_rng(0)
  tasks, rank = 200, 4
  started = jnp.array(0.1 * draw.normal(size=(tasks, 10, 10)))
  kernel, factors = made('last_axis', (10, 10), tasks, rank, started=started)
  np.testing.assert_allclose(kernel.std(), 0.1, rtol=0.1)
  np.testing.assert_allclose(factors['own_factors'].std(), 0.5, rtol=0.1)


def test_own_factors_mix_and_nothing_else_does():
  scheme = small.scheme('dmtrl')
  names = small.params(scheme, small.inputs())
  mixing = {name for name in names if not scheme.group(name).decays}
  assert mixing == {f'own_factors_{kernel}' for kernel in KERNELS}


def test_an_unknown_form_is_refused():
  with pytest.raises(ValueError, match="'first' is none of last_axis, tucker"):
    small.scheme('dmtrl', form='first')
