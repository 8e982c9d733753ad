"""Few training labels of some tasks, all else as it was."""

import numpy as np
import pytest

from configs import default
from mtl_jax import cells, data
from mtl_jax.cells import build
from mtl_jax.data import base, scarce
from mtl_jax.errors import InputError
from mtl_jax.tasks import Task
from tests import small

CARD = base.Card('toy', 'here', 'none', 'none', 'by hand', {})
TASKS = (
  *(Task('a', 'regression'), Task('b', 'binary'), Task('c', 'multiclass')),
  Task('d', 'survival'),
)
ROWS = 200


@pytest.fixture(scope='module')
def whole():
  """200 training rows; 3 have the rare class of c and 2 an event in d."""
  draw = np.random.default_rng(0)
  c = draw.permutation([4] * 3 + [0, 1, 2, 3, 0] * 39 + [0, 1])
  event = draw.permutation([1] * 2 + [0] * (ROWS - 2))
  time = draw.random(ROWS)
  labels = (
    *(draw.normal(size=ROWS).astype(np.float32), np.arange(ROWS) % 2),
    *(c, np.stack([time, event], 1).astype(np.float32)),
  )
  mask = draw.random((ROWS, 4)) < 0.9
  mask[:, 2:] = True
  table = base.Split(np.zeros((ROWS, 2), np.float32), labels, mask)
  return base.cut(table, [np.arange(ROWS)] * 3, TASKS, CARD)


@pytest.mark.parametrize('count', [1, 7, 60])
def test_the_task_keeps_so_many_labels_and_nothing_else_changes(whole, count):
  found = scarce.keep(whole, (('a', count),), 3)
  mask, before = found.train.mask, whole.train.mask
  assert mask[:, 0].sum() == found.card.counts['train/a'] == count
  assert not (mask & ~before).any()
  np.testing.assert_array_equal(mask[:, 1:], before[:, 1:])
  small.same(found.train.labels, whole.train.labels)
  assert found.valid is whole.valid
  assert found.test is whole.test
  assert found.train.table is whole.train.table
  assert f'{count} training labels of a are kept' in found.card.notes


@pytest.mark.parametrize('t', range(4))
@pytest.mark.parametrize('seed', [None, 5])
def test_fewer_labels_are_a_subset_of_more(whole, t, seed):
  masks = [scarce.first(whole, t, seed, n) for n in range(1, 100)]
  for i, (few, more) in enumerate(zip(masks, masks[1:], strict=False)):
    assert few.sum() == i + 1
    assert not (few & ~more).any()


def test_seeds_draw_other_labels_and_the_same_seed_the_same(whole):
  drawn = [scarce.first(whole, 0, s, 60).tobytes() for s in (None, 0, 1, 0)]
  assert len(set(drawn)) == 3
  assert drawn[1] == drawn[3]


def test_every_class_has_a_label_and_then_its_share(whole):
  labels = whole.train.labels[2]
  few, more = (labels[scarce.first(whole, 2, 1, n)] for n in (5, 100))
  assert sorted(few) == [0, 1, 2, 3, 4]
  counts, shares = np.bincount(more) / 100, np.bincount(labels) / ROWS
  np.testing.assert_allclose(counts, shares, atol=0.02)
  events = whole.train.labels[3][scarce.first(whole, 3, 1, 2), 1]
  assert sorted(events) == [0, 1]


def test_a_share_is_of_the_known_labels(whole):
  known = whole.train.mask[:, 0].sum()
  found = scarce.keep(whole, (('a', 0.25), ('b', 1e-6)), 0)
  assert found.train.mask[:, 0].sum() == round(known / 4)
  assert found.train.mask[:, 1].sum() == 1


@pytest.mark.parametrize(
  ('labels', 'message'),
  [
    ((('aa', 5),), "no task 'aa'; did you mean 'a'"),
    ((('c', 201),), 'is to keep 201 training labels and has 200; give 200'),
    ((('a', 0),), "'a' has 0; it must be a number of labels, 1 or more"),
    ((('a', -3),), "'a' has -3"),
    ((('a', 1.0),), "'a' has 1.0; .* or a share between 0 and 1"),
    ((('a', 0.0),), "'a' has 0.0"),
    ((('a', float('nan')),), "'a' has nan"),
    ((('a', True),), "'a' has True"),
    ((('a', 5), ('a', 6)), "task 'a' is given twice"),
  ],
)
def test_a_slip_names_the_key_and_the_remedy(whole, labels, message):
  with pytest.raises(InputError, match=f'^config.x.labels.*{message}') as error:
    scarce.keep(whole, labels, 0, 'config.x.labels')
  assert '\n' not in str(error.value)


@pytest.mark.parametrize(
  ('labels', 'message'),
  [
    (('a', 5), 'is .*; it must be pairs of a task and the number'),
    ('a', 'must be pairs'),
    (60, 'must be pairs'),
    ((('a', '5'),), "'a' has '5'; it must be a number of labels"),
  ],
)
def test_another_form_is_refused(labels, message):
  with pytest.raises(InputError, match=f'config.x.labels.*{message}'):
    scarce.check(labels, 'config.x.labels')


# --- As a field of every data set


def config(labels=(('first', 20),), **changes):
  c = default.get_config()
  c.dataset, c.seeds = 'tests.toy', 3
  c.datasets.toy = {'labels': labels}
  c.update(changes)
  return c


@pytest.mark.parametrize('resplit', [True, False])
def test_a_data_set_of_ones_own_has_the_field_too(resplit):
  few = build.data(config(resplit=resplit))
  every = build.data(config((), resplit=resplit))
  assert len(few) == len(every) == (3 if resplit else 1)
  for one, whole in zip(few, every, strict=True):
    assert one.train.mask.sum(0).tolist() == [54, 20]
    small.same(one.test, whole.test)
  cell, other = (cells.make(config(resplit=resplit), d) for d in (few, every))
  assert cell.comparable['fingerprint'] != other.comparable['fingerprint']
  header = cells.header(cell)
  assert header['card']['counts']['train/first'] == 20
  drawn = 'drawn per seed' if resplit else 'the same for all seeds'
  assert (
    f'20 training labels of first are kept, {drawn}'
    in (header['card']['notes'])
  )


def test_rows_of_one_task_each_are_dealt_from_the_labels_that_are_left():
  for one in build.data(config(own_rows=True)):
    assert (one.train.mask.sum(1) <= 1).all()
    assert 0 < one.train.mask[:, 1].sum() <= 20


def test_a_slip_is_found_before_the_data_are_read():
  where = r'config\.datasets\.actg175\.labels'
  with pytest.raises(InputError, match=f"{where}: task 'cd496' has 0"):
    data.load('actg175', data_dir='/nowhere', labels=(('cd496', 0),))


def test_a_loader_with_such_an_argument_sees_to_it(tmp_path, monkeypatch):
  (tmp_path / 'whose.py').write_text('def load(labels=()): return labels')
  (tmp_path / 'box').mkdir()
  (tmp_path / 'whose.py').rename(tmp_path / 'box' / 'whose.py')
  monkeypatch.syspath_prepend(tmp_path)
  assert data.load('box.whose', labels=('own',)) == ('own',)
