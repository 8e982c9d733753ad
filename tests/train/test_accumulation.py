"""A batch in parts gives the step of the whole batch, but for rounding."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax import train
from tests import small

quick = small.quick

KEY = jax.random.key(5)
stepped = jax.jit(train.step, static_argnums=0)


@functools.cache
def start(name, balancer, over, **fields):
  split = small.split(rows=12, known=0.6)
  # One task has no label in the batch.
  split = split._replace(mask=split.mask.at[:, 1].set(False))
  system = small.system(name, balancer=balancer, **fields)
  system = system._replace(gram_over=over)
  hp = small.hp(penalty=0.3, clip=0.5, task_weights=(1, 2, 0.5))
  return system, hp, small.start(system, split, hp), split


@pytest.mark.parametrize(
  ('name', 'balancer', 'over'),
  [
    ('hard', 'equal', 'shared'),
    ('hard', 'famo', 'shared'),  # reads the losses after the step too
    ('hard', 'graddrop', 'shared'),  # sees the tasks' gradients
    ('mmoe', 'pcgrad', 'shared'),
    ('hard', 'cagrad', 'features'),
  ],
)
def test_parts_give_the_step_of_the_whole_batch(name, balancer, over):
  system, hp, state, split = start(name, balancer, over)
  whole, metrics = stepped(system, hp, state, split, KEY)
  for count in (2, 4):
    parts = system._replace(accumulate=count)
    new, own = stepped(parts, hp, state, split, KEY)
    small.close(new, whole, 1e-5)
    small.close(own, metrics, 1e-5)
  assert np.abs(whole.params.matrix - state.params.matrix).max() > 1e-3


def test_each_batch_of_a_step_may_be_in_parts():
  system, hp, state, split = start('hard', 'modo', 'shared')
  several = small.pile([jax.device_get(split)] * system.balancer.n_batches)
  whole, _ = stepped(system, hp, state, several, KEY)
  new, _ = stepped(system._replace(accumulate=3), hp, state, several, KEY)
  small.close(new, whole, 1e-5)


def test_labels_count_by_their_weights_over_the_whole_batch():
  """One part may have none that counts."""
  system, hp, state, split = start('hard', 'equal', 'shared')
  weights = np.random.default_rng(0).integers(4, size=split.mask.shape)
  weights[::3, 0] = 0
  split = split._replace(weights=jnp.array(weights, jnp.float32))
  whole, metrics = stepped(system, hp, state, split, KEY)
  new, own = stepped(system._replace(accumulate=3), hp, state, split, KEY)
  small.close(new, whole, 1e-5)
  small.close(own, metrics, 1e-5)


def test_maps_count_by_their_labelled_pixels():
  split = small.split('deeplab', small.MAPS, rows=4)
  # One part has few labelled pixels, and no depth.
  few = split.labels[0].at[::2, 1:].set(-1)
  none = split.labels[1].at[::2].set(0)
  split = split._replace(labels=(few, none, split.labels[2]))
  system = small.system('hard', 'deeplab', tasks=small.MAPS)
  hp = small.hp(task_weights=(1, 2, 0.5))
  state = small.start(system, split, hp)
  whole, metrics = stepped(system, hp, state, split, KEY)
  new, own = stepped(system._replace(accumulate=2), hp, state, split, KEY)
  small.close(new, whole, 1e-5)
  small.close(own, metrics, 1e-5)


def test_running_statistics_see_every_part():
  """Their momentum acts once per part, so that they move further."""
  system, hp, state, split = start('nddr', 'equal', 'shared')
  whole, _ = stepped(system, hp, state, split, KEY)
  new, _ = stepped(system._replace(accumulate=2), hp, state, split, KEY)
  for before, one, two in zip(
    *map(jax.tree.leaves, (state.extra, whole.extra, new.extra)), strict=True
  ):
    moved, further = np.abs(one - before), np.abs(two - before)
    assert further.mean() > moved.mean() > 0
