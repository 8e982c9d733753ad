"""Rows with the label of one task each, as if every task had its own data."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from configs import default
from mtl_jax import cells, train
from mtl_jax.cells import build
from mtl_jax.data.base import Split
from tests import small

quick = small.quick

K = len(small.TASKS)
STEPS = 4


def config(**changes):
  c = default.get_config()
  c.dataset = 'tests.toy'
  c.seeds = 3
  c.own_rows = True
  c.update(changes)
  return c


@pytest.mark.parametrize('resplit', [True, False])
def test_a_config_asks_for_them(resplit):
  asked, plain = config(resplit=resplit), config(resplit=resplit)
  plain.own_rows = False
  found, before = build.data(asked), build.data(plain)
  assert len(found) == len(before) == (3 if resplit else 1)
  for one, whole in zip(found, before, strict=True):
    assert (one.train.mask.sum(axis=1) == 1).all()
    assert (whole.train.mask.sum(axis=1) == 2).all()
    small.same(one.valid, whole.valid)
    small.same(one.test, whole.test)
    small.same(one.train.inputs, whole.train.inputs)
  seen = {one.train.mask.tobytes() for one in found}
  assert len(seen) == len(found)
  small.same(
    [one.train.mask for one in found],
    [one.train.mask for one in build.data(asked)],
  )


def test_they_are_another_row_of_the_table():
  c, plain = config(resplit=False), config(resplit=False, own_rows=False)
  ours, theirs = (cells.make(x, build.data(x)) for x in (c, plain))
  assert ours.comparable['own_rows']
  assert not theirs.comparable['own_rows']
  assert ours.hash != theirs.hash
  counts = cells.header(ours)['card']['counts']
  assert counts['train/sum'] + counts['train/first'] == counts['train']
  assert counts['valid/sum'] == counts['valid']


def test_an_adversary_may_tell_tasks_apart_by_them():
  c = config(schemes={'shared_private': {'adversarial': 0.05}})
  c.scheme = 'shared_private'
  assert cells.make(c, build.data(c)).system.scheme.own_rows


@pytest.fixture(scope='module')
def rows():
  """Twelve rows, of which each task has five, four and three."""
  split = small.split(rows=12)
  owner = np.random.default_rng(0).permutation([0] * 5 + [1] * 4 + [2] * 3)
  return split._replace(mask=jnp.array(owner[:, None] == np.arange(K)))


def of_task(split, t):
  """The rows of one task alone, as that task's own data set."""
  own = np.asarray(split.mask[:, t])
  rows = jax.tree.map(lambda x: jnp.array(np.asarray(x)[own]), split)
  return Split(rows.inputs, (rows.labels[t],), rows.mask[:, t : t + 1])


@functools.partial(jax.jit, static_argnums=0)
def descended(system, hp, state, batch):
  """Some steps on the whole batch."""

  def one(state, key):
    return train.step(system, hp, state, batch, key)

  keys = jax.random.split(jax.random.key(0), STEPS)
  state, metrics = jax.lax.scan(one, state, keys)
  return state, metrics.losses


@pytest.fixture(scope='module')
def together(rows):
  """K towers trained side by side, each on its own rows."""
  system = small.system('single', rule='sgd')
  hp = small.hp(lr=0.05)
  start = small.start(system, rows, hp)
  return hp, start, *descended(system, hp, start, rows)


def tower(params, t):
  """The parameters of one task's tower, as a system of one task has them."""
  params = jax.device_get(params.tree)
  towers = small.take(params['towers'], slice(t, t + 1))
  return {'towers': towers, 'head_0': params[f'head_{t}']}


@pytest.mark.parametrize('t', range(K))
def test_single_is_every_task_on_its_own_data_set(rows, together, t):
  """As if the others' rows were not there."""
  hp, start, end, losses = together
  tasks = small.TASKS[t : t + 1]
  system = small.system('single', tasks=tasks, rule='sgd')
  hp = hp._replace(task_weights=jnp.ones(1))
  batch = of_task(rows, t)
  assert len(batch.mask) == (5, 4, 3)[t]
  alone = small.start(system, batch, hp, noise=False)
  own = alone.params.replace(tower(start.params, t))
  alone = alone._replace(params=own)
  alone, lone_losses = descended(system, hp, alone, batch)
  small.close(tower(end.params, t), alone.params.tree)
  np.testing.assert_allclose(losses[:, t], lone_losses[:, 0], rtol=1e-5)
  assert (np.abs(np.diff(losses[:, t])) > 1e-4).all()
  assert end.unlabelled[t] == alone.unlabelled[0] == 0
