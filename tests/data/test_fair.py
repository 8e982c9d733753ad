"""Fair's survey: published counts, and no way from outcomes to inputs."""

import io

import numpy as np
import pandas as pd
import pytest

from mtl_jax.data import fair, files


@pytest.fixture(scope='module')
def table():
  folder, source = files.folder(), files.SOURCES['fair']
  if not any((folder / n).exists() for n in (source.bare, source.archive)):
    pytest.skip(f'no {source.archive} in {folder}; {files.remedy("fair")}')
  return pd.read_csv(io.BytesIO(files.member(source, folder)))


def test_the_file_is_the_published_one(table):
  assert table.shape == (6366, 9)
  assert not table.isna().any(axis=None)
  assert (table['affairs'] > 0).sum() == 2053
  assert table['rate_marriage'].value_counts(sort=False).to_dict() == {
    1: 99,
    2: 348,
    3: 993,
    4: 2242,
    5: 2684,
  }
  outcomes = {'affairs', 'rate_marriage'}
  assert set(table.columns) == {*fair.INPUTS, *outcomes}


def test_labels_are_the_published_ones_and_no_outcome_is_an_input(table):
  data = fair.load(split_seed=1)
  assert set(data.recipe.columns) == set(fair.INPUTS)
  # Five numbers, and six occupations of each of two.
  assert data.train.inputs.shape == (3820, 5 + 2 * 6)
  assert [len(s.mask) for s in data.splits.values()] == [3820, 1273, 1273]
  assert data.card.units == 'women'
  own = table.iloc[data.test.rows]
  affair, amount, rating = data.test.labels
  np.testing.assert_array_equal(affair, own['affairs'] > 0)
  np.testing.assert_array_equal(rating, own['rate_marriage'] - 1)
  mask, scale = data.test.mask[:, 1], data.scales[1]
  np.testing.assert_array_equal(mask, own['affairs'] > 0)
  np.testing.assert_allclose(
    np.exp(scale.mean + scale.std * amount[mask]),
    own['affairs'][mask],
    rtol=1e-5,
  )
  # As many affairs in each split: it is stratified.
  shares = [s.labels[0].mean() for s in data.splits.values()]
  np.testing.assert_allclose(shares, 2053 / 6366, atol=2e-3)


def test_new_rows_are_encoded_as_those_of_training(table):
  data = fair.load(split_seed=1)
  own = table.iloc[data.test.rows][list(fair.INPUTS)]
  np.testing.assert_array_equal(data.recipe.inputs(own), data.test.inputs)
