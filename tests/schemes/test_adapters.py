"""Adapters: their equation, initialization, and when parameters are frozen."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax import train
from tests import small
from tests.cells.test_build import message
from tests.schemes import plain, reference
from tests.schemes.test_reductions import assert_same, heads, losses, tower

quick = small.quick

K = len(small.TASKS)


def adapted(adapter, h):
  """One task's features behind its adapter."""
  if 'down' not in adapter:
    return h + plain.dense(adapter['up'], h)
  inner = np.maximum(plain.dense(adapter['down'], h), 0)
  return h + plain.dense(adapter['up'], inner)


@pytest.mark.parametrize('linear', [False, True])
def test_each_task_adds_its_own_network(linear):
  scheme, x = small.scheme('adapters', linear=linear), small.inputs()
  params = jax.device_get(small.params(scheme, x))
  out, _ = reference.run(scheme, {'params': params}, x)
  features = [np.asarray(x)] * K
  for i in range(2):
    features = [
      adapted(
        small.take(params[f'adapters_{i}'], t),
        reference.layer(params[f'shared_stage_{i}'], h),
      )
      for t, h in enumerate(features)
    ]
  reference.close(out, plain.heads(params, features))


@pytest.mark.parametrize(
  ('width', 'reduction', 'inner'), [(64, 4, 16), (64, 8, 8), (8, 4, 4)]
)
def test_bottleneck_is_a_share_of_the_channels(width, reduction, inner):
  scheme = small.scheme('adapters', reduction=reduction)
  scheme = scheme.clone(stages=small.stages(widths=(width,)))
  result = jax.eval_shape(
    lambda: scheme.init(jax.random.key(0), small.inputs(), False)
  )
  assert result['params']['adapters_0']['down']['kernel'].shape == (
    (K, width, inner)
  )


@pytest.mark.parametrize(
  ('encoder', 'linear'), [('mlp', False), ('mlp', True), ('lstm', False)]
)
def test_adapters_that_add_nothing_are_hard(encoder, linear):
  """For any `down`: then the encoder's gradients are those of hard, too."""
  fields = {'linear': linear}
  scheme = small.scheme('adapters', encoder, **fields)
  params = small.params(scheme, small.inputs(encoder))
  none = {
    name: tree | {'up': jax.tree.map(jnp.zeros_like, tree['up'])}
    for name, tree in params.items()
    if name.startswith('adapters')
  }
  actual, hard = losses('adapters', encoder, **fields), losses('hard', encoder)
  assert_same(
    lambda w, h: actual(reference.staged(w), none, h),
    lambda w, h: hard({'shared_encoder': w}, h),
    tower(encoder),
    heads(encoder),
  )


def test_they_start_at_nothing_but_can_learn():
  scheme, split = small.scheme('adapters'), small.split()
  params = reference.start(scheme, split.inputs)['params']
  total = small.losses(scheme, split)
  gradients = jax.jit(jax.grad(lambda params: total(params).sum()))(params)
  for i in range(2):
    adapter = params[f'adapters_{i}']
    assert not adapter['up']['kernel'].any()
    assert (adapter['down']['kernel'][0] != adapter['down']['kernel'][1]).any()
    assert np.abs(gradients[f'adapters_{i}']['up']['kernel']).max() > 0


def moves(frozen_from, steps=4):
  """Which top-level parameters moved, step by step, and all there are."""
  split, hp, result = small.split(), small.hp(0.01), []
  system = small.system('adapters', frozen_from=frozen_from)
  system = reference.of_steps(system, steps)
  step = jax.jit(functools.partial(train.step, system, hp))
  state = small.start(system, split, hp)
  for i in range(steps):
    old = state.params.tree
    state, _ = step(state, split, jax.random.key(i))
    new = state.params.tree
    result.append({k for k in old if reference.differ(old[k], new[k])})
  return result, set(old)


def test_encoder_learns_first_and_adapters_then():
  result, names = moves(0.5)
  encoder = {name for name in names if name.startswith('shared')}
  adapters = {name for name in names if name.startswith('adapters')}
  own = names - encoder - adapters
  assert result == [encoder | own] * 2 + [adapters | own] * 2


def test_all_learn_together_unless_told_otherwise():
  result, names = moves(1.0)
  assert result == [names] * 4


def test_an_encoder_that_never_learns_is_refused():
  schemes = {'adapters': {'frozen_from': 0.0}}
  assert 'take more than 0' in message(scheme='adapters', schemes=schemes)
