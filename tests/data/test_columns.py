"""Scaling is fitted on training rows; missing labels stay missing."""

import numpy as np
import pytest

from mtl_jax.data import columns
from mtl_jax.errors import InputError

TRAIN = np.array([0, 2, 3])


def test_only_training_rows_set_the_scale():
  values = np.array([[1.0], [100.0], [3.0], [5.0], [-70.0]])
  changed = values.copy()
  changed[[1, 4]] *= 7
  a, b = columns.standardise(values, TRAIN), columns.standardise(changed, TRAIN)
  np.testing.assert_array_equal(a[TRAIN], b[TRAIN])
  np.testing.assert_allclose(a[TRAIN].mean(), 0, atol=1e-6)
  np.testing.assert_allclose(a[TRAIN].std(), 1, rtol=1e-6)
  assert a.dtype == np.float32


def test_constant_column_is_not_divided_by_zero():
  values = np.full((5, 2), 0.1)
  values[1, 0] = 0.4  # constant on the training rows only
  scaled = columns.standardise(values, TRAIN)
  np.testing.assert_allclose(scaled[TRAIN], 0, atol=1e-6)
  np.testing.assert_allclose(scaled[1, 0], 0.3, rtol=1e-5)


def test_images_share_one_scale_per_channel():
  values = np.random.default_rng(0).normal(size=(5, 3, 3, 2)) * [1, 9]
  scaled = columns.standardise(values, TRAIN)
  ratio = values[..., 1].std() / scaled[..., 1].std()
  flat = values[TRAIN][..., 1]
  np.testing.assert_allclose(ratio, flat.std(), rtol=1e-5)


@pytest.mark.parametrize('value', [np.nan, np.inf])
def test_a_value_that_is_not_finite_is_named_by_its_own_row(value):
  values = np.ones((100, 3))
  values[84, 2] = value
  train = np.arange(80, 100)
  with pytest.raises(InputError, match=r'^toy: column .c., row 84 is') as error:
    columns.standardise(values, train, ['a', 'b', 'c'], 'toy')
  assert '\n' not in str(error.value)
  with pytest.raises(InputError, match=r'inputs: column \[2\], row 84'):
    columns.standardise(values, train)


def test_missing_regression_label_is_masked_and_sets_no_scale():
  labels = np.array([2.0, np.nan, np.nan, 4.0, 7.0])
  scaled, known = columns.regression(labels, TRAIN)
  assert known.tolist() == [True, False, False, True, True]
  np.testing.assert_allclose(scaled, [-1, 0, 0, 1, 4])


def test_missing_counts_and_classes_are_minus_one():
  labels, known = columns.counts(np.array([3.0, np.nan, -1.0, 0.0]))
  assert labels.tolist() == [3, -1, -1, 0]
  assert known.tolist() == [True, False, False, True]


def test_scale_takes_standardised_labels_back():
  labels = np.array([3.0, np.nan, 7.0, 5.0, 100.0])
  scaled, known = columns.regression(labels, TRAIN)
  scale = columns.scale(labels, TRAIN, 'cm')
  back = scale.mean + scale.std * scaled[known]
  np.testing.assert_allclose(back, labels[known], rtol=1e-6)
  assert scale.unit == 'cm'
  assert columns.scale(np.full(5, np.nan), TRAIN) == (0, 1, '')
  assert columns.scale(np.full(5, 4.0), TRAIN) == (4, 1, '')
