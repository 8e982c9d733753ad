"""One table for many splits: held once, and trained on to the same bit."""

import jax
import numpy as np
import pytest

from configs import default
from mtl_jax import cells
from mtl_jax.cells import build, task_groups
from mtl_jax.cells.reading import Reading
from mtl_jax.data import base, splits, views
from mtl_jax.data.base import Split
from mtl_jax.errors import InputError
from mtl_jax.programs import compiled
from mtl_jax.resources import live_memory
from mtl_jax.tasks import Task, scores
from tests import small

quick = small.quick

TASKS = Task('sum', 'regression'), Task('first', 'binary'), Task('b', 'binary')
CARD = base.Card('table', 'drawn here', 'none', 'none', 'by group', {})
ROWS, WIDTH, SEEDS = 90, 3, 3


def load(split_seed=None, scaled=False, rows=ROWS, weighed=False):
  """The table is made anew; groups of rows make splits of several sizes."""
  draw = np.random.default_rng(0)
  x = draw.normal(size=(rows, WIDTH)).astype(np.float32)
  first = (x[:, 0] > 0).astype(np.int32)
  groups = np.sort(draw.integers(rows // 4, size=rows))
  parts = splits.grouped(groups, (3, 1, 1), split_seed)
  total = x.sum(axis=1)
  if scaled:
    total = total / total[parts[0]].std()
  mask = draw.random((rows, len(TASKS))) < 0.9
  weights = np.float32(draw.integers(3, size=mask.shape)) if weighed else None
  table = Split(x, (total, first, 1 - first), mask, weights)
  return base.cut(table, parts, TASKS, CARD)


def copied(data):
  """The same rows as arrays of their own."""
  parts = [Split(*split) for split in data.splits.values()]
  return base.Data(*parts, data.tasks, data.card)


def config(**changes):
  c = default.get_config()
  c.encoders.mlp.widths = (4,)
  c.encoders.mlp.dropout = 0.2
  c.seeds, c.steps, c.evals, c.batch_size = SEEDS, 12, 2, 8
  c.eval_batch_size = 7
  c.update(changes)
  return c


def made(datas, groups=(), **changes):
  return cells.make(config(**changes), datas, groups)


def outcome(cell):
  """All numbers of a training, and the arguments of its steps."""
  programs, inputs = compiled.prepare(cell)
  state, metrics, valid = programs.period(inputs, programs.start(inputs))
  state, *_ = programs.period(inputs, state)
  found = programs.test(inputs, state)
  return jax.device_get((state.params, metrics, valid, found)), inputs


@pytest.mark.parametrize(
  ('fields', 'own_rows', 'groups'),
  [
    ({}, False, ()),
    ({}, True, ()),
    ({'scaled': True, 'weighed': True}, False, ((0, 1), (0, 2))),
  ],
  ids=['one table', 'own masks', 'own labels and weights, of groups'],
)
def test_row_numbers_train_as_copies_do(fields, own_rows, groups):
  c = config(own_rows=own_rows)
  datas = build.data(c, lambda split_seed: load(split_seed, **fields))
  one = made(datas, groups, own_rows=own_rows)
  other = made(list(map(copied, datas)), groups, own_rows=own_rows)
  assert one.reading.by_rows
  assert not other.reading.by_rows
  # The numbers are one identity's, the programs are not.
  assert one.identity == other.identity
  assert one.cache_key != other.cache_key
  (found, read), (expected, _) = outcome(one), outcome(other)
  small.same(found, expected)
  assert read.train.shared.inputs.shape == (ROWS, WIDTH)
  assert read.train.rows.shape[0] == read.num_rows.shape[0]


def test_a_table_is_held_once_on_the_host_and_on_the_devices():
  datas = build.data(config(), load)
  tables = {id(s.table) for d in datas for s in d.splits.values()}
  assert len(tables) == 1
  one, two = made(datas), made(datas, balancer='pcgrad')
  inputs = [compiled.Programs(c).inputs(c.chunks()[0]) for c in (one, two)]
  placed = {
    id(getattr(source.shared, name))
    for read in inputs
    for source in (read.train, read.valid, read.test)
    for name in ('inputs', 'mask')
  }
  assert len(placed) == 2
  assert one.need.shared == live_memory.size(datas[0].train.table.parts)
  rows = sum(one.reading.lengths.values())
  order = one.sizes.steps * one.sizes.batch  # of a period, drawn beforehand
  assert one.need.data == 4 * (rows + order)


def test_the_memory_of_a_table_is_predicted():
  datas = build.data(config(), lambda split_seed: load(split_seed, rows=5000))
  cell = made(datas)
  programs, _ = compiled.prepare(cell)
  assert 0.5 < cell.plan.needed / programs.memory() < 2


def test_what_differs_between_seeds_is_a_copy_for_each_run():
  """And only that: here the labels."""
  datas = build.data(config(), lambda split_seed: load(split_seed, scaled=True))
  reading = Reading(datas)
  assert reading.shared == {'inputs', 'mask'}
  worlds = [load(seed, rows=rows) for seed, rows in ((0, 90), (1, 91))]
  assert not Reading(worlds).shared
  assert Reading(worlds[:1]).shared == set(Split._fields[:3])
  assert Reading(worlds[:1], ((0, 1),)).shared == {'inputs'}


def _shapes(tree):
  return jax.tree.map(lambda x: (x.shape, x.dtype), tree)


@pytest.mark.parametrize('groups', [(), ((0, 1), (2, 1))])
@pytest.mark.parametrize('form', ['table', 'copies', 'one'])
@pytest.mark.parametrize('weighed', [False, True])
def test_what_is_read_is_the_split_and_zeros_behind_it(form, groups, weighed):
  c = config(resplit=form != 'one')
  datas = build.data(c, lambda split_seed: load(split_seed, weighed=weighed))
  datas = list(map(copied, datas)) if form == 'copies' else datas
  reading = Reading(datas, groups)
  which = np.array([0, 0] if form == 'one' else [2, 0])
  shared, own = reading.shared_parts(), reading.own_parts(which, groups)
  known, shapes = reading.known(shared, own), reading.shapes()
  for name, length in reading.lengths.items():
    found = shared[name], *jax.tree.map(lambda x: x[0], own[name])
    assert _shapes(found) == _shapes(tuple(shapes[name]))
    assert length >= reading.counts[name].max()
  for name, labels in known.items():
    for run, number in enumerate(which):
      data = datas[number]
      data = task_groups.part(data, groups[run]) if groups else data
      split = data.splits[name]
      one = labels
      if labels.weights.ndim == 3:
        one = jax.tree.map(lambda x, run=run: x[run], labels)
      count = len(split.mask)
      expected = scores.weights(split.mask, split.weights)
      small.same(one.weights[:count], expected)
      small.same(tuple(x[:count] for x in one.labels), split.labels)
      assert not one.weights[count:].any()
  assert reading.lengths['valid'] == reading.lengths['test']


def test_copies_are_padded_with_masked_rows():
  datas = [copied(load(seed)) for seed in range(3)]
  reading = Reading(datas)
  own, rows = reading.own_parts(np.arange(3))['train']
  counts = reading.counts['train']
  assert rows is None
  assert counts.min() < counts.max()
  for i, (data, count) in enumerate(zip(datas, counts, strict=True)):
    for one, all_ in zip(*map(jax.tree.leaves, (data.train, own)), strict=True):
      assert all_.shape[:2] == (3, counts.max())
      np.testing.assert_array_equal(all_[i, :count], one)
    assert not own.mask[i, count:].any()


def test_a_split_of_less_than_half_anothers_rows_is_refused():
  few, many = (
    base.Data(*(views.first(load().train, n) for n in sizes), TASKS, CARD)
    for sizes in ((10, 9, 9), (24, 9, 9))
  )
  with pytest.raises(InputError, match='one split has 10 rows and another 24'):
    Reading([few, many])


@pytest.mark.parametrize(
  ('sizes', 'rows'), [((5, 9), (9, 9)), ((4, 9), (4, 9))]
)
def test_splits_are_padded_to_as_many_rows_where_that_is_little(sizes, rows):
  whole = load()
  parts = [views.first(whole.train, n) for n in (9, *sizes)]
  reading = Reading([base.Data(*parts, TASKS, CARD)])
  shared = reading.shared_parts()
  assert shared['train'].inputs is parts[0].inputs
  for name, size, length, part in zip(
    ('valid', 'test'), sizes, rows, parts[1:], strict=True
  ):
    for leaf, own in zip(
      *map(jax.tree.leaves, (shared[name], part)), strict=True
    ):
      assert len(leaf) == length
      np.testing.assert_array_equal(leaf[:size], own)
      assert not leaf[size:].any()


def test_label_maps_are_not_read_on_the_host():
  """Metrics read summaries of them; a copy for each run would be large."""
  tasks = Task('far', 'depth'), Task('sum', 'regression')
  x = np.zeros((ROWS, 4, 4, 1), np.float32)
  far = np.ones((ROWS, 4, 4), np.float32)
  far[0] = 0  # a picture without a label
  table = Split(x, (far, x.sum((1, 2, 3))), np.ones((ROWS, 2), bool))
  datas = []
  for seed in range(2):
    parts = splits.grouped(np.arange(ROWS), (3, 1, 1), seed)
    found = base.cut(table, parts, tasks, CARD)
    datas.append(views.joined(found, datas[0]) if datas else found)
  reading = Reading(datas)
  own = reading.own_parts(np.arange(2))
  for key, known in reading.known(reading.shared_parts(), own).items():
    assert known.labels[0] is None
    assert known.labels[1].shape == known.weights.shape[:2]
    rows = [d.splits[key].rows for d in datas]
    for weights, own_rows in zip(known.weights, rows, strict=True):
      shown = weights[: len(own_rows), 0]
      np.testing.assert_array_equal(shown, own_rows != 0)
