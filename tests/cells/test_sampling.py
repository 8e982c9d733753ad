"""Batches of tasks that have rows of their own."""

import functools

import jax
import numpy as np
import pytest

from configs import default
from mtl_jax import cells
from mtl_jax.cells import build, sampling
from mtl_jax.data import base
from mtl_jax.data.derived import disjoint
from mtl_jax.errors import InputError
from mtl_jax.programs import compiled, run_functions
from mtl_jax.tasks import Task
from tests import small, toy

quick = small.quick

TASKS = tuple(Task(name, 'regression') for name in 'abc')
SIZES = 60, 12, 6  # training rows of each task's own data


def load(split_seed=None, shift=0):
  """Three data sets of one input, whose rows are in no order."""
  draw = np.random.default_rng(split_seed or 0)
  splits = []
  for part, sizes in enumerate((SIZES, (6, 6, 6), (6, 6, 6))):
    sizes = np.array(sizes) - shift * (part == 0) * np.arange(3)
    owner = draw.permutation(np.repeat(np.arange(3), sizes))
    x = draw.normal(size=(len(owner), 1)).astype(np.float32)
    mask = owner[:, None] == np.arange(3)
    splits.append(base.Split(x, tuple(x[:, 0] + t for t in range(3)), mask))
  return base.counted(base.Data(*splits, TASKS, toy.CARD))


def config(**changes):
  c = default.get_config()
  c.encoders.mlp.widths = (4,)
  c.seeds, c.steps, c.evals, c.batch_size = 2, 6, 2, 13
  c.update(changes)
  return c


@pytest.mark.parametrize(
  ('sizes', 'batch', 'expected'),
  [
    ((60, 12, 6), 13, (10, 2, 1)),
    ((1, 1, 1), 8, (3, 3, 2)),
    ((5, 3, 2), 4, (2, 1, 1)),
    # The least is 1 each, which the largest source gives.
    ((1000, 1, 1), 10, (8, 1, 1)),
    ((1000, 1, 1), 3, (1, 1, 1)),
    ((7,), 5, (5,)),
  ],
)
def test_quotas_are_the_largest_remainders(sizes, batch, expected):
  assert sampling.quotas(np.array(sizes), batch) == expected


@pytest.mark.parametrize(
  ('rule', 'temperature', 'expected'),
  [
    ('proportional', 2.0, (10, 2, 1)),
    ('uniform', 2.0, (5, 4, 4)),
    # Square roots 7.7, 3.5 and 2.4 of 13.7.
    ('temperature', 2.0, (8, 3, 2)),
    ('temperature', 1.0, (10, 2, 1)),
  ],
)
def test_a_rule_gives_the_shares_of_a_batch(rule, temperature, expected):
  c = config(sampling=rule, sampling_temperature=temperature, resplit=False)
  datas = build.data(c, load)
  assert datas[0].sources == SIZES
  found = sampling.of(c, datas)
  assert found.quotas == expected
  c.sampling = 'auto'
  assert sampling.of(c, datas).name == 'proportional'
  c.sampling = 'rows'
  assert sampling.of(c, datas) == sampling.Rule('rows')
  # Without sources auto is rows, and neither is part of a cell.
  c.sampling = 'auto'
  assert sampling.of(c, [load()]).identity == {}


def test_rows_are_sorted_by_task_and_stay_whole():
  data = load()
  found = disjoint.by_labels(data)
  assert found.sources == SIZES
  np.testing.assert_array_equal(
    found.train.mask.argmax(1), np.repeat(np.arange(3), SIZES)
  )
  order = np.argsort(data.train.mask.argmax(1), kind='stable')
  small.same(found.train, jax.tree.map(lambda x: x[order], data.train))
  table = toy.load()
  view = disjoint.by_labels(base.own_rows(table, seed=0)).train
  assert view.table is table.train.table
  assert (np.diff(view.mask.argmax(1)) >= 0).all()


def test_every_batch_of_a_cell_has_every_task_with_all_seeds():
  c = config(sampling='uniform')
  datas = build.data(c, lambda split_seed: load(split_seed, shift=split_seed))
  assert datas[0].sources != datas[1].sources
  cell = cells.make(c, datas)
  assert cell.comparable['quotas'] == [5, 4, 4]
  inputs = compiled.Programs(cell).inputs(cell.chunks()[0])
  assert inputs.num_rows.tolist() == [sum(SIZES), sum(SIZES) - 3]
  draw = functools.partial(run_functions.draw, cell, 6)
  step = np.zeros(2, np.int32)
  rows = jax.jit(jax.vmap(draw))(inputs.seeds, step, inputs.drawn_from).rows
  for own, data in zip(np.asarray(rows), datas, strict=False):
    owner = data.train.mask.argmax(1)[own]
    for task, quota in enumerate((5, 4, 4)):
      assert ((owner == task).sum(axis=1) == quota).all()


def test_what_no_rule_can_do_is_refused():
  c = config(sampling='uniform', resplit=False)
  with pytest.raises(
    InputError, match="have labels of several .*'rows' or 'au"
  ):
    build.data(c, lambda split_seed: toy.load(split_seed))
  unlabelled = load()
  unlabelled.train.mask[7] = False
  with pytest.raises(InputError, match='training row 7 has no label'):
    disjoint.by_labels(unlabelled)
  datas = build.data(c, load)
  with pytest.raises(
    InputError, match='batch_size is 2, and each of 3 sources'
  ):
    cells.make(config(sampling='uniform', batch_size=2, resplit=False), datas)
  few = datas[0]._replace(sources=(60, 12, 2))
  with pytest.raises(InputError, match='source 2 has 2 training rows with one'):
    sampling.of(c, [datas[0], few])
  with pytest.raises(
    InputError, match="sampling is 'propotional'; did you mea"
  ):
    cells.check(config(sampling='propotional'))
  with pytest.raises(
    InputError, match=r'sampling_temperature is 0\.0; it must'
  ):
    cells.check(config(sampling_temperature=0.0))
