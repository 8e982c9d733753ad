"""A split without a second class is refused, with task, split and remedy."""

import numpy as np
import pytest

from configs import default
from mtl_jax.cells import build
from mtl_jax.data import base, splits
from mtl_jax.data.checking import one_class
from mtl_jax.errors import InputError
from mtl_jax.tasks import Task

CARD = base.Card('toy', 'here', 'none', 'none', 'by hand', {})
VALUES = {
  'binary': [1, 1, 1, 0, 1, 0],
  'multiclass': [2, 2, 2, 0, 2, 1],
  'ordinal': [2, 2, 2, 0, 2, 1],
}


def data(kind, values, mask=None, rows=((0, 3), (1, 5), (2, 4))):
  labels = np.asarray(values)
  mask = np.ones((len(labels), 1), bool) if mask is None else mask
  table = base.Split(np.zeros((len(labels), 1), np.float32), (labels,), mask)
  return base.cut(table, list(map(np.array, rows)), [Task('y', kind)], CARD)


@pytest.mark.parametrize('kind', VALUES)
def test_one_class_in_validation_or_test_is_refused(kind):
  message = "'y' has only class [12] among the 2 known labels of the test split"
  with pytest.raises(InputError, match=f'{message}; stratify'):
    data(kind, VALUES[kind])
  with pytest.raises(InputError, match='of the valid split'):
    data(kind, VALUES[kind], rows=((0, 3), (1, 4), (2, 5)))
  # A training split may have one class, and numbers may be equal.
  assert data(kind, VALUES[kind], rows=((0, 1), (2, 3), (4, 5)))
  assert data('regression', np.ones(6, np.float32))


def test_labels_that_are_missing_do_not_count():
  mask = np.array([1, 1, 1, 1, 0, 1], bool)[:, None]
  rows = (0, 3), (1, 5), (2, 4, 3)
  assert data('binary', [1, 1, 1, 0, 0, 0], mask, rows)
  with pytest.raises(InputError, match='the 1 known labels of the test'):
    data('binary', [1, 1, 1, 0, 0, 0], mask)


def test_survival_needs_an_event():
  task, known = Task('y', 'survival'), np.ones(2, bool)
  with pytest.raises(InputError, match='has no event among the 2 known'):
    one_class.check(task, np.array([[1.0, 0], [2.0, 0]]), known, 'test')
  one_class.check(task, np.array([[1.0, 0], [2.0, 1]]), known, 'test')


def test_what_is_refused_has_no_headline_metric():
  """And what is not has one, so that no seed drops out of a mean."""
  auc = Task('y', 'binary').metrics['auc']
  scores, ones = np.array([0.3, 0.1]), np.ones(2)
  with np.errstate(invalid='ignore'):
    assert np.isnan(auc.compute(scores[:, None], np.array([1, 1]), ones))
  assert not np.isnan(auc.compute(scores[:, None], np.array([1, 0]), ones))


@pytest.fixture
def rare():
  """6 positives in 400 rows, as a function of the split."""
  y = (np.arange(400) < 6).astype(np.int32)
  x = np.random.default_rng(0).normal(size=(400, 2)).astype(np.float32)
  table = base.Split(x, (y,), np.ones((400, 1), bool))

  def load(strata):
    return lambda split_seed: base.cut(
      table,
      splits.stratified(strata(y), (3, 1, 1), split_seed),
      [Task('rare', 'binary')],
      CARD,
    )

  return load


def test_the_seed_is_named_and_a_stratified_split_is_taken(rare):
  config = default.get_config()
  config.seeds = 10
  with pytest.raises(InputError, match="split_seed=.*'rare' has only class 0"):
    build.data(config, rare(np.zeros_like))
  for one in build.data(config, rare(lambda y: y)):
    assert all(s.labels[0].any() for s in one.splits.values())
