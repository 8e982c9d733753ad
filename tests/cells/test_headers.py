"""What a header says of the data: independent units, and how many splits."""

import numpy as np
import pytest

from configs import default
from mtl_jax import cells
from mtl_jax.cells import build
from mtl_jax.data import base, splits, views
from mtl_jax.data.checking import distinct
from mtl_jax.tasks import Task

CARD = base.Card('table', 'drawn here', 'none', 'none', 'by row', {})
X = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
LABELS = ((X[:, 0] > 0).astype(np.int32),)


def load(split_seed=None, groups=None, card=CARD):
  """60 rows, or 20 groups of three rows."""
  table = base.Split(X, LABELS, np.ones((60, 1), bool))
  own = np.arange(60) if groups is None else groups
  rows = splits.grouped(own, (3, 1, 1), split_seed, LABELS[0])
  return base.cut(table, rows, [Task('y', 'binary')], card, groups=groups)


def copied(data):
  return data._replace(**{k: base.Split(*s) for k, s in data.splits.items()})


def header(load, **changes):
  config = default.get_config()
  config.seeds = 3
  config.update(changes)
  return cells.header(cells.make(config, cells.data(config, load)))


def test_rows_are_units_unless_groups_are_given():
  found = header(load)
  assert found['units'] == {
    'name': 'rows', **{k: found[f'n_{k}'] for k in ('train', 'valid', 'test')}
  }  # fmt: skip
  groups, card = np.arange(60) // 3, CARD._replace(units='patients')
  units = header(lambda split_seed: load(split_seed, groups, card))['units']
  assert units.pop('name') == 'patients'
  assert sum(units.values()) == 20
  assert units['train'] == 12


@pytest.mark.parametrize('copy', [False, True])
def test_rows_that_do_not_change_with_the_seed_are_one_split(copy):
  of = copied if copy else (lambda data: data)
  same = header(lambda split_seed: of(load()))
  assert same['split'] == 'fixed'
  assert same['card']['notes'] == distinct.ONE
  other = header(lambda split_seed: of(load(split_seed)))
  assert other['split'] == 'resplit'
  assert other['card']['notes'] == ''
  assert header(load, resplit=False)['split'] == 'fixed'
  # One seed cannot tell.
  assert header(lambda split_seed: load(), seeds=1)['split'] == 'resplit'


def test_some_equal_splits_are_told():
  found = header(lambda split_seed: load(min(split_seed, 1)))
  assert found['split'] == 'resplit'
  assert (
    '3 seeds have 2 different splits and 2 different test splits'
    in (found['card']['notes'])
  )


def test_the_order_of_rows_and_what_is_known_make_no_other_split():
  config = default.get_config()
  config.seeds = 3

  def shuffled(split_seed):
    data = load()
    rows = np.random.default_rng(split_seed).permutation(data.train.rows)
    mask = np.random.default_rng(split_seed).random((60, 1)) < 0.9
    train = views.View(data.train.table, rows, mask=mask[rows])
    return data._replace(train=train)

  assert distinct.splits(build.data(config, shuffled)) == 1


def test_worlds_that_every_seed_draws_are_different_splits():
  config = default.get_config()
  config.dataset, config.seeds = 'synthetic', 2
  config.datasets.synthetic.rows = (40, 10, 10)
  found = cells.header(cells.make(config, cells.data(config)))
  assert found['split'] == 'drawn'
  assert found['card']['notes'] == cells.data(config)[0].card.notes


def test_scales_of_labels_stand_by_seed():
  kinds = ('y', 'binary'), ('z', 'regression')

  def scaled(split_seed):
    table = base.Split(X, (LABELS[0], X[:, 1]), np.ones((60, 2), bool))
    rows = splits.grouped(np.arange(60), (3, 1, 1), split_seed, LABELS[0])
    data = base.cut(table, rows, [Task(*kind) for kind in kinds], CARD)
    scale = base.Scale(1.0, 10.0 + (split_seed or 0), 'cm')
    return data._replace(scales=(None, scale))

  found = header(scaled)
  std = {'0': 10.0, '1': 11.0, '2': 12.0}
  assert found['label_scales'] == {'z': {'unit': 'cm', 'std': std}}
  assert found['tasks'][1]['in_label_unit'] == ['rmse', 'mae']
  assert 'in_label_unit' not in found['tasks'][0]
  fixed = header(scaled, resplit=False)['label_scales']['z']['std']
  assert fixed == dict.fromkeys(std, 10.0)
  assert 'label_scales' not in header(load)
