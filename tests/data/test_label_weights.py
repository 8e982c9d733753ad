"""Weights of labels: what is refused, and where they reach."""

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_sample_weight

from configs import default
from mtl_jax import cells
from mtl_jax.cells import build, identity, scoring, task_groups
from mtl_jax.data import base
from mtl_jax.data.checking import label_weights
from mtl_jax.errors import InputError
from mtl_jax.run import linear, trees
from tests import toy


def weighed(data, weights):
  """The same rows and weights in every split."""
  splits = {
    name: split._replace(weights=np.float32(weights[: len(split.mask)]))
    for name, split in data.splits.items()
  }
  return data._replace(**splits)


@pytest.fixture
def data():
  return toy.load()


@pytest.fixture
def weights():
  return np.tile([[1.0, 2.0]], (90, 1))


@pytest.mark.parametrize('value', [-1.0, np.nan, np.inf])
def test_a_bad_weight_is_named_by_task_and_row(data, weights, value):
  weights[4, 1] = value
  with pytest.raises(InputError, match=f"'first', train.* row 4 is {value};"):
    base.check(weighed(data, weights))


def test_other_shapes_and_types_are_refused(data, weights):
  with pytest.raises(
    InputError, match=r'train weights .*\(54, 1\); give .*2\)'
  ):
    base.check(weighed(data, weights[:, :1]))
  train = data.train._replace(weights=weights[:54])
  with pytest.raises(InputError, match='train weights .* float64; give float3'):
    base.check(data._replace(train=train))


def test_a_task_whose_known_labels_weigh_nothing_is_refused(data, weights):
  weights[:54, 0] = 0
  weights[54:] = 1
  mask = data.train.mask.copy()
  mask[:2] = False
  train = data.train._replace(mask=mask, weights=np.float32(weights[:54]))
  with pytest.raises(InputError, match="'sum', train weights: .* row 2 on, h"):
    base.check(data._replace(train=train))


def test_they_are_part_of_the_data_and_leave_counts_as_they_are(data, weights):
  found = base.counted(weighed(data, weights))
  assert found.card.counts == data.card.counts
  assert identity.fingerprint([found]) != identity.fingerprint([data])
  part = task_groups.part(found, (1,))
  np.testing.assert_array_equal(part.train.weights, weights[:54, 1:])
  own = base.own_rows(found, seed=0)
  np.testing.assert_array_equal(own.train.weights, weights[:54])


@pytest.mark.parametrize('select', ['loss', 'metric'])
@pytest.mark.parametrize('fit', [linear.fit, trees.fit])
def test_without_a_weight_a_row_has_no_effect(data, weights, fit, select):
  """In a reference model, and in the unit of a score."""
  weights[:54] *= (np.arange(54) % 4 > 0)[:, None]
  kept = weights[:54, 0] > 0
  weighted = weighed(data, weights)
  train = base.Split(*(
    tuple(y[kept] for y in x) if isinstance(x, tuple) else x[kept]
    for x in weighted.train
  ))  # fmt: skip
  shorter = weighted._replace(train=train)
  assert fit(weighted) == fit(shorter)
  np.testing.assert_allclose(
    scoring.scales([weighted], select), scoring.scales([shorter], select)
  )


def test_a_reference_weighs_rows_as_often_as_they_are_repeated(data, weights):
  """Up to the regularisation, which counts rows and not weights."""
  weights = np.repeat(1.0 + np.arange(90)[:, None] % 3, 2, axis=1)
  train = data.train._replace(weights=np.float32(weights[:54]))
  again = np.repeat(np.arange(54), weights[:54, 0].astype(int))
  repeated = base.Split(
    data.train.inputs[again],
    tuple(y[again] for y in data.train.labels),
    data.train.mask[again],
  )
  plain, found, expected = (
    linear.fit(data._replace(train=rows))[1]['sum']['rmse']
    for rows in (data.train, train, repeated)
  )
  assert found == pytest.approx(expected, rel=0.02)
  assert abs(found - expected) < abs(found - plain)


def _config(**changes):
  c = default.get_config()
  c.dataset, c.seeds = 'tests.toy', 2
  c.update(changes)
  return c


@pytest.mark.parametrize('resplit', [True, False])
def test_balanced_weights_are_those_of_scikit_learn(resplit):
  c = _config(resplit=resplit, class_weight='balanced', own_rows=True)
  plain = build.data(_config(resplit=resplit, own_rows=True))
  for found, before in zip(build.data(c), plain, strict=True):
    known = before.train.mask[:, 1]
    expected = compute_sample_weight(
      'balanced', before.train.labels[1][known]
    )  # fmt: skip
    weights = found.train.weights
    np.testing.assert_allclose(weights[known, 1], expected, rtol=1e-6)
    assert (weights[:, 0] == 1).all()
    assert found.valid.weights is found.test.weights is None
    assert found.card.counts == before.card.counts


def test_balanced_weights_multiply_given_ones(data, weights):
  weights[:54] *= np.arange(54)[:, None] % 3
  given = weighed(data, weights)
  found = label_weights.balanced(given)
  counted = weights[:54, 1] > 0
  factor = compute_sample_weight('balanced', data.train.labels[1][counted])
  expected = weights[:54, 1].copy()
  expected[counted] *= factor
  np.testing.assert_allclose(found.train.weights[:, 1], expected, rtol=1e-6)
  np.testing.assert_array_equal(found.train.weights[:, 0], weights[:54, 0])
  np.testing.assert_array_equal(found.valid.weights, given.valid.weights)


def test_without_classes_there_is_nothing_to_balance(data):
  with pytest.raises(InputError, match='no task has classes; set it to'):
    label_weights.balanced(task_groups.part(data, (0,)))


def test_balancing_is_part_of_a_cell_only_where_it_is_asked_for():
  plain, asked = _config(), _config(class_weight='balanced')
  ours, theirs = (cells.make(c, build.data(c)) for c in (asked, plain))
  assert ours.comparable['class_weight'] == 'balanced'
  assert 'class_weight' not in theirs.comparable
  with pytest.raises(
    InputError, match="class_weight is 'balance'; did you mea"
  ):
    cells.check(_config(class_weight='balance'))
