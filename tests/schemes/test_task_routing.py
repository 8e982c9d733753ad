"""Task routing: its masks, and what they keep apart."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax import train
from mtl_jax.schemes import task_routing
from mtl_jax.train.losses import task_losses
from tests import small
from tests.schemes import plain, reference
from tests.schemes.test_reductions import assert_same, heads, losses, tower

quick = small.quick

K = len(small.TASKS)


def case(**fields):
  """A scheme, a split, random parameters, and the masks it starts with."""
  scheme, split = small.scheme('task_routing', **fields), small.split()
  params = jax.device_get(small.params(scheme, split.inputs))
  return scheme, split, params, small.extra(scheme, split.inputs)['routing']


@functools.partial(jax.jit, static_argnums=0)
def _by_task(scheme, split, masks, params):
  def losses(params):
    variables = {'params': params, 'routing': masks}
    out = scheme.apply(variables, split.inputs, False)
    return task_losses(small.TASKS, out, split)

  return jax.jacrev(losses)(params)


def by_task(scheme, split, masks, params):
  """Gradients of each task's loss with these masks, `[K, ...]`."""
  return jax.device_get(_by_task(scheme, split, masks, params))


def test_a_task_keeps_its_channels_behind_every_stage():
  scheme, split, params, masks = case()
  variables = {'params': params, 'routing': masks}
  out, recorded = reference.run(scheme, variables, split.inputs)
  features = [np.asarray(split.inputs)] * K
  for i in range(2):
    mask, stage = np.asarray(masks[f'mask_{i}']), params[f'shared_stage_{i}']
    features = [
      mask[t] * reference.layer(stage, h) for t, h in enumerate(features)
    ]
    told_count = recorded[f'channels of stage {i} (task)']
    np.testing.assert_array_equal(told_count, [[3, 2][i]] * K)
  reference.close(out, plain.heads(params, features))


def test_masks_reach_channels_of_images():
  h = jnp.array(np.random.default_rng(0).normal(size=(2, 3, 4, 5, 6)))
  mask = np.arange(6) % 2 == np.arange(2)[:, None]
  actual = task_routing.keep(h, jnp.array(mask))
  expected = np.asarray(h) * mask[:, None, None, None]
  np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize(
  ('keep', 'counts'), [(0.5, (3, 2)), (0.3, (2, 1)), (0.01, (1, 1))]
)
def test_every_mask_keeps_the_same_number(keep, counts):
  *_, masks = case(keep=keep)
  for i, count in enumerate(counts):
    assert (np.asarray(masks[f'mask_{i}']).sum(axis=1) == count).all()


def test_masks_are_drawn_by_task_stage_and_seed():
  scheme = small.scheme('task_routing')
  scheme = scheme.clone(stages=small.stages(widths=(32, 32)))
  one, other = (
    reference.start(scheme, small.inputs(), seed)['routing'] for seed in (0, 1)
  )
  rows = np.concatenate([*one.values(), *other.values()])
  assert len(np.unique(rows, axis=0)) == len(rows) == 4 * K


@pytest.mark.parametrize('encoder', ['mlp', 'lstm'])
def test_keeping_all_channels_is_hard(encoder):
  all_kept = losses('task_routing', encoder, keep=1.0)
  hard = losses('hard', encoder)
  assert_same(
    lambda w, h: all_kept(reference.staged(w), h),
    lambda w, h: hard({'shared_encoder': w}, h),
    tower(encoder),
    heads(encoder),
  )


# Channels 0 and 1 are task 0's, and so on; of four, task 0 has two.
DISJOINT = {
  'mask_0': np.repeat(np.eye(K, dtype=bool), (2, 2, 2), axis=1),
  'mask_1': np.repeat(np.eye(K, dtype=bool), (2, 1, 1), axis=1),
}


def test_disjoint_masks_are_networks_of_their_own():
  scheme, split, params, _ = case()
  variables = {'params': params, 'routing': DISJOINT}
  out, _ = reference.run(scheme, variables, split.inputs)
  for t in range(K):
    h, inputs = np.asarray(split.inputs), slice(None)
    for i in range(2):
      weights = params[f'shared_stage_{i}']['Dense_0']
      kept = np.flatnonzero(DISJOINT[f'mask_{i}'][t])
      kernel = weights['kernel'][inputs][:, kept]
      h, inputs = np.maximum(h @ kernel + weights['bias'][kept], 0), kept
    head = params[f'head_{t}']['Dense_0']
    expected = h @ head['kernel'][inputs] + head['bias']
    np.testing.assert_allclose(out[t], expected, rtol=1e-4, atol=1e-5)


def test_disjoint_masks_share_no_weight():
  scheme, split, params, _ = case()
  rows = by_task(scheme, split, DISJOINT, params)
  for i in range(2):
    gradients = rows[f'shared_stage_{i}']['Dense_0']['kernel']
    assert (gradients != 0).sum(axis=0).max() == 1


def test_channels_that_a_task_masks_learn_nothing_from_it():
  scheme, split, params, masks = case()
  rows = by_task(scheme, split, masks, params)
  for i in range(2):
    gradients = rows[f'shared_stage_{i}']['Dense_0']
    for t, mask in enumerate(np.asarray(masks[f'mask_{i}'])):
      assert not gradients['kernel'][t][:, ~mask].any()
      assert not gradients['bias'][t][~mask].any()
      assert gradients['kernel'][t][:, mask].any()


def test_training_never_changes_a_mask():
  system, split, hp = small.system('task_routing'), small.split(), small.hp()
  state = small.start(system, split, hp)
  step = jax.jit(functools.partial(train.step, system, hp))
  new, _ = step(state, split, jax.random.key(0))
  assert set(state.extra) == {'routing'}
  small.same(new.extra, state.extra)
  small.same(new.best.extra, state.extra)
  state, new = jax.device_get((state, new))
  before, after = (s.params.tree['shared_stage_0'] for s in (state, new))
  assert (before['Dense_0']['kernel'] != after['Dense_0']['kernel']).any()


@pytest.mark.parametrize('keep', [0.0, 1.5])
def test_a_share_out_of_range_is_refused(keep):
  with pytest.raises(ValueError, match='take a share above 0, up to 1'):
    small.scheme('task_routing', keep=keep)
