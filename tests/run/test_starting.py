"""Runs start from trained parameters, and keep what is frozen."""

import numpy as np
import pytest

from configs import default
from mtl_jax import cells, models, run
from mtl_jax.cells import build, initial
from mtl_jax.errors import InputError
from mtl_jax.run import starting
from tests import small

quick = small.quick


def config(**changes):
  c = default.get_config()
  c.dataset = 'tests.toy'
  c.encoders.mlp.widths = (4, 4)
  c.steps, c.evals, c.batch_size, c.seeds = 4, 1, 8, 2
  c.hp.lr = (1e-2,)
  c.hp.weight_decay = (0.1,)
  c.update(changes)
  return c


def make(**changes):
  c = config(**changes)
  return cells.make(c, build.data(c))


def arrays(folder):
  return models.load(folder).stored.arrays


@pytest.fixture(scope='module')
def single(tmp_path_factory):
  """The folder of single-task models of both tasks."""
  cell = make(scheme='single')
  return run.train([cell], tmp_path_factory.mktemp('single'))[0]


def test_towers_start_from_single_task_models(single, tmp_path):
  """Frozen, they stay what they were, also with weight decay."""
  cell = make(
    scheme='cross_stitch',
    init_from=str(single),
    init_prefix=(('towers/stage_', 'shared_tower_'), ('head', 'head')),
    freeze=('shared_tower_0', 'head_'),
  )
  found = arrays(run.train([cell], tmp_path)[0])
  theirs = arrays(single)
  for own, new in (('towers/stage_', 'shared_tower_'), ('head_', 'head_')):
    for name in (n for n in theirs if n.startswith(own)):
      ours = new + name.removeprefix(own)
      same = np.array_equal(found[ours], theirs[name])
      assert same == ours.startswith(('shared_tower_0', 'head_')), ours
  text = '\n'.join(starting.report(cell))
  assert '8 of 10 arrays start from' in text
  assert 'drawn: shared_stitch_0, stitch_1' in text


def test_a_trunk_of_a_file_gets_new_heads(tmp_path):
  """Without a step that moves it, the trunk is that of the file."""
  draw = np.random.default_rng(0)
  trunk = {
    f'net/{i}/Dense_0/{leaf}': np.float32(draw.normal(size=shape))
    for i, sizes in enumerate([(3, 4), (4, 4)])
    for leaf, shape in (('kernel', sizes), ('bias', sizes[1:]))
  }
  path = tmp_path / 'trunk.npz'
  np.savez(path, **trunk, other=np.zeros(3))
  cell = make(
    init_from=str(path),
    init_prefix=(('net/', 'shared_encoder/stage_'),),
    freeze=('shared_encoder',),
  )
  found = arrays(run.train([cell], tmp_path / 'out')[0])
  for name, own in trunk.items():
    ours = name.replace('net/', 'shared_encoder/stage_')
    for seed in (0, 1):
      np.testing.assert_array_equal(found[ours][seed], own)
  plain, moved = make(), path.rename(tmp_path / 'moved.npz')
  again = make(init_from=str(moved), init_prefix=cell.config.init_prefix)
  assert len({plain.hash, cell.hash, again.hash}) == 3
  assert again.identity['init'] == cell.identity['init']
  assert not {'init', 'freeze'} & plain.identity.keys()


def test_a_start_from_another_split_of_the_rows_is_said(single):
  started = initial.read(str(single))
  one = started._replace(of_seeds={0: started.of(0)})
  for own, dataset, resplit, seeds, leaks in (
    (started, 'toy', True, (0, 1), False),
    (started, 'toy', False, (0, 1), True),
    (started, 'other', False, (0, 1), False),
    (one, 'toy', True, (0,), False),
    (one, 'toy', True, (0, 1), True),
    (one, 'toy', True, (1,), True),
    (one._replace(resplit=False), 'toy', False, (1,), False),
  ):
    assert own.leaks(dataset, resplit, seeds) == leaks


def test_one_array_starts_every_tower():
  ours = {'towers/a': np.zeros((2, 3)), 'towers/b': np.zeros((2, 4))}
  fitted = initial.fit(
    {'net/a': np.arange(3), 'net/b': np.arange(5), 'x': np.ones(1)},
    ours,
    (('net', 'towers'),),
  )
  np.testing.assert_array_equal(fitted.values['towers/a'], [[0, 1, 2]] * 2)
  assert fitted.other_shape == {'towers/b': ((5,), (2, 4))}
  assert fitted.unused == ('net/b', 'x')
  assert fitted.drawn == ('towers/b',)


@pytest.mark.parametrize(
  ('changes', 'message'),
  [
    ({'freeze': ('shared_encodr',)}, 'it has head_0, head_1, shared_encoder'),
    ({'freeze': ('shared', 'head')}, 'leaves nothing to train'),
    ({'freeze': ('head_1',)}, 'freeze all heads'),
    ({'freeze': ('shared',), 'balancer': 'mgda'}, 'use balancer equal'),
    ({'init_from': 'none.npz'}, 'no such file'),
  ],
)
def test_what_cannot_be_frozen_or_read_is_said(changes, message):
  with pytest.raises(InputError, match=message):
    make(**changes)


def test_nothing_that_fits_is_said(single, tmp_path):
  with pytest.raises(InputError, match='its arrays are head_0, head_1, towers'):
    make(init_from=str(single), init_prefix=(('towers', 'shared_encoder'),))
  pickled = tmp_path / 'a.npz'
  pickled.write_bytes(b'\x80\x04.')
  with pytest.raises(InputError, match='a pickle, which is never loaded'):
    make(init_from=str(pickled))
