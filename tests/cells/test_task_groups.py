"""Subsets of tasks: their data, and many of them as runs of one program."""

import numpy as np

from configs import default
from mtl_jax import cells, records, run
from mtl_jax.cells import task_groups
from mtl_jax.data import base
from mtl_jax.programs import compiled
from mtl_jax.resources import live_memory
from mtl_jax.tasks import Task
from tests import small

quick = small.quick

TASKS = (
  Task('a', 'regression'),
  Task('b', 'binary'),
  Task('c', 'regression'),
  Task('d', 'regression'),
)
CARD = base.Card('small', 'drawn here', 'none', 'none', 'none', {})
PAIRS = ((0, 2), (0, 3), (2, 3))


def config(**changes):
  c = default.get_config()
  c.encoders.mlp.widths = (4,)
  c.encoders.mlp.dropout = 0.2
  c.steps, c.evals, c.batch_size, c.seeds = 12, 2, 8, 2
  c.hp.lr = (1e-2, 1e-1)
  c.update(changes)
  return c


def data(seed, rows=60):
  parts = [
    small.split(tasks=TASKS, rows=n, seed=seed, known=0.7)
    for n in (rows, 20, 20)
  ]
  splits = [base.Split(*map(_numpy, part[:3])) for part in parts]
  return base.counted(base.Data(*splits, TASKS, CARD))


def _numpy(tree):
  return (
    tuple(map(np.array, tree)) if isinstance(tree, tuple) else np.array(tree)
  )


def test_a_part_keeps_its_own_labels_and_every_row():
  whole = data(0)
  found = task_groups.part(whole, (1, 3))
  assert [t.name for t in found.tasks] == ['slot_0', 'slot_1']
  assert [t.kind for t in found.tasks] == ['binary', 'regression']
  for name, split in found.splits.items():
    before = whole.splits[name]
    assert split.inputs is before.inputs
    small.same(split.labels, (before.labels[1], before.labels[3]))
    small.same(split.mask, before.mask[:, [1, 3]])
  assert not found.train.mask.any(1).all()  # Rows without a label stay.
  assert found.card.counts['train/slot_1'] == whole.card.counts['train/d']


def test_groups_of_one_shape_go_together():
  groups = task_groups.every(4, 4)
  assert len(groups) == 6 + 4 + 1
  found = task_groups.by_shape(TASKS, groups)
  assert sorted(g for own in found for g in own) == sorted(groups)
  assert PAIRS in found
  # A binary task in front is another program than one behind.
  assert ((0, 1),) in found
  assert ((1, 2), (1, 3)) in found


def test_an_ordinary_cell_keeps_its_name():
  cell = cells.make(config(), [data(0), data(1)])
  ordinary = {
    *cell.comparable, 'scheme', 'balancer', 'settings', 'sources',
  }  # fmt: skip
  assert set(cell.identity) == ordinary
  fields = {'lr', 'weight_decay', 'penalty', 'clip', 'task_weights'}
  assert {*cell.identity['settings'][0]} == fields
  assert 'groups' not in cells.header(cell)
  grouped = cells.make(config(), [data(0), data(1)], PAIRS)
  assert grouped.hash != cell.hash
  assert grouped.comparable == cell.comparable
  assert cells.header(grouped)['groups'] == [['a', 'c'], ['a', 'd'], ['c', 'd']]


def ends(folder):
  lines = [r for r in records.read(folder) if r['kind'] == 'test']
  return {(r['seed'], r['hp']['lr'], r['hp'].get('group')): r for r in lines}


def test_a_group_is_trained_as_it_would_be_alone(tmp_path):
  # 12 runs in two chunks, the second filled up.
  datas, asked = [data(0), data(1)], config(parallel='8')
  together = cells.make(asked, datas, PAIRS)
  alone = cells.make(asked, [task_groups.part(d, PAIRS[1]) for d in datas])
  folders = run.train([together, alone], tmp_path)
  found, lone = map(ends, folders)
  assert len(found) == len(PAIRS) * len(lone) == 3 * 4
  differ = []
  for (seed, lr, _), expected in lone.items():
    for split in ('valid', 'test'):
      small.close(found[seed, lr, 1][split], expected[split])
      differ.append(found[seed, lr, 0][split] != expected[split])
  assert all(differ)


def test_on_one_split_runs_have_their_labels_and_memory_is_predicted():
  made = cells.make(config(resplit=False), [data(0, 3000)], PAIRS)
  one = task_groups.part(made.datas[0], PAIRS[0])
  inputs = live_memory.size([split.inputs for split in one.splits.values()])
  assert made.need.shared == inputs
  # With the row numbers of all steps to the next evaluation, 4 bytes each.
  order = 4 * made.sizes.steps * made.sizes.batch
  assert made.need.data == live_memory.size(one.splits) - inputs + order
  programs, inputs = compiled.prepare(made)
  for i, (_, setting) in enumerate(made.chunks()[0].runs):
    own = task_groups.part(made.datas[0], PAIRS[setting['group']])
    small.same(inputs.train.shared.inputs, own.train.inputs)
    read = small.take(inputs.train.own, i)
    small.same((tuple(read.labels), read.mask), own.train[1:3])
  read = inputs.train, inputs.valid, inputs.test
  assert live_memory.size([s.shared for s in read]) == made.need.shared
  each = made.need.data - order
  own = live_memory.size([s.own for s in read])
  assert own == programs.programs.width * each
  assert 0.5 < made.plan.needed / programs.memory() < 2
