"""The linear row: scikit-learn's models, measured as networks are."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import root_mean_squared_error

from mtl_jax.data.base import Data, Split
from mtl_jax.run import linear
from mtl_jax.tasks import Task
from tests import toy


def words(seed, rows=60):
  """Rows of word numbers whose class is told by the word 2 or 3."""
  draw = np.random.default_rng(seed)
  tokens = draw.integers(4, 9, size=(rows, 5)).astype(np.int32)
  label = draw.integers(2, size=rows).astype(np.int32)
  tokens[:, 0], tokens[:, 1] = 2 + label, 0
  return Split(tokens, (label,), np.ones((rows, 1), bool))


def test_the_strength_is_the_best_on_validation():
  data = toy.load()
  on_valid, on_test, size = linear.fit(data)
  train, valid, test = data.train, data.valid, data.test
  fits = [
    Ridge(alpha=len(train.mask) / 1000 / c).fit(train.inputs, train.labels[0])
    for c in linear.STRENGTHS
  ]
  errors = [
    root_mean_squared_error(valid.labels[0], m.predict(valid.inputs))
    for m in fits
  ]
  best = fits[int(np.argmin(errors))]
  assert on_valid['sum']['rmse'] == pytest.approx(min(errors), rel=1e-3)
  expected = root_mean_squared_error(test.labels[0], best.predict(test.inputs))
  assert on_test['sum']['rmse'] == pytest.approx(expected, rel=1e-3)
  assert size == 2 * (3 + 1)


def test_text_is_a_bag_of_words_without_padding_and_unknown():
  tokens = np.array([[2, 3, 3, 0], [1, 2, 0, 0]], np.int32)
  bag = linear.bag_of_words(tokens, size=4)
  np.testing.assert_array_equal(bag.toarray(), [[0, 0, 1, 1], [0, 0, 1, 0]])


def test_columns_of_categories_are_not_words():
  inputs = {
    'numbers': np.array([[0.5], [1.5]], np.float32),
    'categories': np.array([[1, 0], [2, 1]], np.int32),
    'text': np.array([[2, 1, 0], [3, 3, 2]], np.int32),
  }
  words = {'numbers': 0, 'categories': 3, 'text': 4}
  found = linear.features(inputs, words).toarray()
  expected = [
    [0.5, *(0, 1, 0), *(0, 0, 0), *(0, 0, 1, 0)],
    [1.5, *(0, 0, 1), *(0, 1, 0), *(0, 0, 1, 1)],
  ]
  np.testing.assert_array_equal(found, expected)


def test_a_word_of_the_test_split_alone_does_no_harm():
  parts = [words(seed) for seed in range(3)]
  parts[2].inputs[0, 2] = 50
  data = Data(*parts, (Task('side', 'binary'),), toy.CARD)
  _, on_test, _ = linear.fit(data)
  assert on_test['side']['accuracy'] == 1


@pytest.mark.parametrize('classes', [2, 3])
def test_classes_come_out_as_logits_of_every_class(classes):
  draw = np.random.default_rng(0)
  x = draw.normal(size=(90, 4)).astype(np.float32)
  y = (x[:, 0] > 0) + (classes == 3) * (x[:, 1] > 0)
  task = Task('c', 'multiclass', classes)
  model = LogisticRegression(max_iter=300, tol=1e-3).fit(x, y)
  outputs = task.made.reference(1.0, x, y).predict(x)
  np.testing.assert_allclose(np.exp(outputs).sum(1), 1, rtol=1e-5)
  np.testing.assert_array_equal(outputs.argmax(1), model.predict(x))


def test_a_kind_without_a_linear_model_has_no_result_and_is_named():
  parts = [words(seed) for seed in range(3)]
  parts = [Split(s.inputs, s.labels * 2, s.mask[:, [0, 0]]) for s in parts]
  tasks = Task('side', 'binary'), Task('grade', 'ordinal', 2)
  data = Data(*parts, tasks, toy.CARD)
  _, on_test, _ = linear.fit(data)
  assert on_test['side']['accuracy'] > 0.9
  assert on_test['grade'] == {}
  assert len(linear.lacking(tasks)) == 1
  assert "'grade'" in linear.lacking(tasks)[0]
  with pytest.raises(ValueError, match="'grade'"):
    linear.fit(data._replace(tasks=(tasks[1], tasks[1].renamed('again'))))
