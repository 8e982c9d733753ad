"""Boosted trees: scikit-learn's models, chosen on validation."""

import numpy as np
import pytest
import threadpoolctl
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import root_mean_squared_error

from mtl_jax.run import trees
from mtl_jax.tasks import Task, ordinal
from mtl_jax.tasks.boosting import Setting
from tests import toy

SMALL = Setting(0.3, 4, 5)


def last(kind, rows, labels, *fields):
  """Predictions for the same rows after the last tree."""
  stages = Task('t', kind, *fields).made.trees(SMALL, rows, labels)
  return [*stages(rows)][-1]


@pytest.fixture(autouse=True)
def one_thread():
  with threadpoolctl.threadpool_limits(1):
    yield


@pytest.fixture
def rows():
  return np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)


def test_setting_and_number_of_trees_are_the_best_on_validation():
  data = toy.load()
  train, valid, test = data.train, data.valid, data.test
  on_valid, on_test, _ = trees.fit(data)
  tried = []
  for setting in trees.SETTINGS:
    for count in trees.COUNTS:
      model = HistGradientBoostingRegressor(
        learning_rate=setting.learning_rate, max_leaf_nodes=setting.leaves,
        max_iter=count, early_stopping=False, min_samples_leaf=5,
      ).fit(train.inputs, train.labels[0])  # fmt: skip
      tried.append([
        root_mean_squared_error(s.labels[0], model.predict(s.inputs))
        for s in (valid, test)
      ])  # fmt: skip
  expected = min(tried)
  found = [results['sum']['rmse'] for results in (on_valid, on_test)]
  np.testing.assert_allclose(found, expected, rtol=1e-3)
  assert on_test['first']['auc'] > 0.9


def test_a_row_without_a_label_has_no_effect():
  results = []
  for value in (0, 1):
    data = toy.load(unlabelled=60)
    first = np.where(data.train.mask[:, 1], data.train.labels[1], value)
    train = data.train._replace(labels=(data.train.labels[0], first))
    results.append(trees.fit(data._replace(train=train)))
  assert results[0] == results[1]


def test_one_class_or_count_alone_gives_a_finite_constant(rows):
  one = np.ones(60, np.int32)
  odds = last('binary', rows, one)
  np.testing.assert_allclose(odds, np.log(61), rtol=1e-6)
  np.testing.assert_allclose(last('binary', rows, 1 - one), -odds)
  logits = last('multiclass', rows, one, 3)
  np.testing.assert_array_equal(logits.argmax(1), one)
  assert np.isfinite(logits).all()
  probable = ordinal.log_probabilities(last('ordinal', rows, one, 3))
  np.testing.assert_array_equal(probable.argmax(1), one)
  rate = last('count', rows, np.zeros(60, np.float32))
  np.testing.assert_allclose(rate, -np.log(61), rtol=1e-6)


def test_ordinal_outputs_have_the_probabilities_of_the_classes(rows):
  """Those of the model of classes, with one that no row has."""
  labels = np.digitize(rows[:, 0], (-1, 0, 0.5)).astype(np.int32)
  labels[labels == 2] = 3
  logits = last('multiclass', rows, labels, 4)
  expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
  found = np.exp(ordinal.log_probabilities(last('ordinal', rows, labels, 4)))
  np.testing.assert_allclose(found, expected, atol=1e-6)
  assert (found.argmax(1) == labels).mean() > 0.7


def test_each_of_several_numbers_has_a_model_of_its_own(rows):
  both = last('regression', rows, rows[:, :2])
  for i in range(2):
    np.testing.assert_array_equal(
      both[:, i], last('regression', rows, rows[:, i])[:, 0]
    )


def test_where_no_kind_has_trees_one_line_says_so():
  data = toy.load()
  ends = tuple(Task(t.name, 'survival', (0.5,)) for t in data.tasks)
  with pytest.raises(ValueError, match="'sum': kind survival has no trees"):
    trees.fit(data._replace(tasks=ends))
