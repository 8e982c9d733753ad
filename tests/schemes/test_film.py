"""Feature-wise linear modulation: its equation, its start, its readings."""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.schemes import film
from tests import small
from tests.schemes import plain, reference
from tests.schemes.test_reductions import assert_same, heads, losses, tower

quick = small.quick

K = len(small.TASKS)


def case(seed=0, **fields):
  """A scheme, rows, and parameters in numpy."""
  scheme, x = small.scheme('film', **fields), small.inputs()
  return scheme, x, jax.device_get(small.params(scheme, x, seed))


def expected(params, x, modulations):
  """Each task scales and shifts every channel behind every stage."""
  features = [np.asarray(x)] * K
  for i, modulation in enumerate(modulations):
    scale, shift = np.split(modulation, 2, axis=1)
    features = [
      (1 + scale[t]) * reference.layer(params[f'shared_stage_{i}'], h)
      + shift[t]
      for t, h in enumerate(features)
    ]
  return plain.heads(params, features)


def test_each_task_scales_and_shifts_channels():
  scheme, x, params = case()
  out, recorded = reference.run(scheme, {'params': params}, x)
  modulations = [params['modulation_0'], params['modulation_1']]
  reference.close(out, expected(params, x, modulations))
  for i, modulation in enumerate(modulations):
    mean = 1 + modulation[:, : modulation.shape[1] // 2].mean(axis=1)
    told_mean = recorded[f'scale of stage {i} (task)']
    np.testing.assert_allclose(told_mean, mean, rtol=1e-5)


def test_a_shared_layer_turns_task_vectors_into_modulations():
  scheme, x, params = case(embedding=2)
  out, _ = reference.run(scheme, {'params': params}, x)
  modulations = [
    plain.dense(params[f'shared_modulation_{i}'], params['task_embedding'])
    for i in range(2)
  ]
  reference.close(out, expected(params, x, modulations))


def test_modulation_reaches_channels_of_images():
  draw = np.random.default_rng(0)
  h = draw.normal(size=(2, 3, 4, 5, 6))
  scale, shift = draw.normal(size=(2, 2, 6))
  actual = film.modulate(h, scale, shift)
  for t in range(2):
    one = (1 + scale[t]) * h[t] + shift[t]
    np.testing.assert_allclose(actual[t], one, rtol=1e-5)


@pytest.mark.parametrize('encoder', ['mlp', 'lstm'])
def test_no_modulation_is_hard(encoder):
  film, hard = losses('film', encoder), losses('hard', encoder)
  scheme = small.scheme('film', encoder)
  params = small.params(scheme, small.inputs(encoder))
  none = {
    name: jnp.zeros_like(leaf)
    for name, leaf in params.items()
    if name.startswith('modulation')
  }
  assert_same(
    lambda w, h: film(reference.staged(w), none, h),
    lambda w, h: hard({'shared_encoder': w}, h),
    tower(encoder),
    heads(encoder),
  )


@pytest.mark.parametrize('embedding', [0, 2])
def test_it_starts_as_hard_sharing_and_can_leave(embedding):
  scheme, split = small.scheme('film', embedding=embedding), small.split()
  params = reference.start(scheme, split.inputs)['params']
  one = {f'stage_{i}': params[f'shared_stage_{i}'] for i in range(2)}
  own = {name: tree for name, tree in params.items() if 'head' in name}
  actual, _ = reference.run(scheme, {'params': params}, split.inputs)
  hard, _ = reference.run(
    small.scheme('hard'),
    {'params': {'shared_encoder': one, **own}},
    split.inputs,
  )
  reference.close(actual, hard, 1e-6)
  total = small.losses(scheme, split)
  gradients = jax.jit(jax.grad(lambda params: total(params).sum()))(params)
  for name in params:
    if 'modulation' in name:
      assert max(np.abs(x).max() for x in jax.tree.leaves(gradients[name])) > 0


class Normed(nn.Module):
  """A dense layer and batch normalisation."""

  @nn.compact
  def __call__(self, x, train):
    return nn.BatchNorm(not train, momentum=0.5)(nn.Dense(4)(x))


def test_each_task_has_its_own_running_statistics():
  """One scale and offset, but the mean of what each task's features are."""
  stages = (functools.partial(Normed),) * 2
  scheme, x = small.scheme('film').clone(stages=stages), small.inputs()
  variables = reference.start(scheme, x)
  modulation = np.random.default_rng(0).normal(size=(K, 8)).astype(np.float32)
  params = variables['params'] | {'modulation_0': modulation}
  variables = variables | {'params': params}
  _, new = jax.jit(lambda v: scheme.apply(v, x, True, mutable=['batch_stats']))(
    variables
  )
  second = params['shared_stage_1']
  assert second['BatchNorm_0']['scale'].shape == (4,)
  h = plain.dense(params['shared_stage_0']['Dense_0'], np.asarray(x))
  h = (h - h.mean(axis=0)) / np.sqrt(h.var(axis=0) + 1e-5)
  means = [
    0.5
    * plain.dense(
      second['Dense_0'], (1 + scale) * h + shift
    ).mean(axis=0)
    for scale, shift in zip(*np.split(modulation, 2, axis=1), strict=True)
  ]  # fmt: skip
  result = new['batch_stats']['shared_stage_1']['BatchNorm_0']['mean']
  np.testing.assert_allclose(result, means, rtol=1e-4, atol=1e-5)
