"""RAND HIE: published counts, families, and no way from outcomes to inputs."""

import io

import numpy as np
import pandas as pd
import pytest

from mtl_jax.data import files, rand_hie
from mtl_jax.errors import InputError


@pytest.fixture(scope='module')
def table():
  folder, source = files.folder(), files.SOURCES['rand_hie']
  if not any((folder / n).exists() for n in (source.bare, source.archive)):
    pytest.skip(f'no {source.archive} in {folder}; {files.remedy("rand_hie")}')
  return pd.read_csv(io.BytesIO(files.member(source, folder)))


@pytest.fixture(scope='module')
def data(table):
  return [rand_hie.load(seed) for seed in (None, 0)]


def test_the_file_is_the_published_one(table):
  assert table.shape == (20_190, 45)
  assert table['zper'].nunique() == 5912
  assert table.isna().sum()[
    ['ghindx', 'educdec', 'mdeoff', 'pioff']
  ].tolist() == [
    *(5223, 4, 5, 5),
  ]
  shares = (table[['notmdvis', 'totadm', 'outpdol', 'drugdol']] > 0).mean()
  np.testing.assert_allclose(shares, [0.172, 0.090, 0.744, 0.535], atol=1e-3)
  assert round(table['mdvis'].mean(), 2) == 2.86
  columns = [*rand_hie.INPUTS, *rand_hie.OUTCOMES, *rand_hie.OTHERS]
  assert sorted(columns) == sorted(table.columns)
  # What is left out as a repetition is one.
  assert (table['lnum'] == table['lfam']).all()


def test_no_outcome_is_among_the_inputs_and_none_changes_them(table):
  recipe = rand_hie.load(0).recipe
  assert set(recipe.columns) == set(rand_hie.INPUTS)
  assert not set(recipe.columns) & {*rand_hie.OUTCOMES, *rand_hie.OTHERS}
  labelled = rand_hie.labelled(table)
  other = labelled.copy()
  for name in (*rand_hie.OUTCOMES, *rand_hie.OTHERS):
    other[name] = np.roll(other[name], 7)
  inputs = recipe.inputs(labelled)
  np.testing.assert_array_equal(recipe.inputs(other), inputs)
  # 26 columns, and three that mark what is missing.
  assert inputs.shape == (20_190, 29)


def test_no_family_is_in_two_splits(table, data):
  family = rand_hie.labelled(table)['family'].to_numpy()
  assert family.max() + 1 == 1806
  # All rows of a person are of one family.
  assert (table['zper'].groupby(family).nunique().sum()) == 5912
  for one in data:
    own = [set(family[split.rows]) for split in one.splits.values()]
    assert sum(map(len, own)) == len(set.union(*own)) == 1806
    counts = one.card.unit_counts
    assert [*counts.values()] == [*map(len, own)]
    shares = [len(s.mask) / 20_190 for s in one.splits.values()]
    np.testing.assert_allclose(shares, [0.6, 0.2, 0.2], atol=0.01)


def test_labels_are_the_published_ones(table, data):
  one = data[0]
  rows = np.concatenate([split.rows for split in one.splits.values()])
  assert sorted(rows) == list(range(20_190))
  known = {
    task.name: sum(int(s.mask[:, t].sum()) for s in one.splits.values())
    for t, task in enumerate(one.tasks)
  }
  assert [*known.values()] == [20_190] * 6 + [15_032, 10_798, 1755]
  names = [task.name for task in one.tasks]
  test = table.iloc[one.test.rows]
  labels = dict(zip(names, one.test.labels, strict=True))
  np.testing.assert_array_equal(labels['mdvis'], test['mdvis'])
  np.testing.assert_array_equal(labels['any_inp'], test['inpdol'] > 0)
  t = names.index('log_outp')
  mask, scale = one.test.mask[:, t], one.scales[t]
  dollars = np.exp(scale.mean + scale.std * labels['log_outp'][mask])
  np.testing.assert_allclose(dollars, test['outpdol'][mask], rtol=1e-4)
  assert scale.unit == 'log dollars'
  # Stays of which a charge is missing have no sum.
  charges = test['inpmis'].to_numpy() == 0
  np.testing.assert_array_equal(
    one.test.mask[:, names.index('log_inp')],
    charges & (test['inpdol'] > 0).to_numpy(),
  )


def test_a_missing_file_says_how_to_get_it(tmp_path):
  with pytest.raises(InputError, match=r'no statsmodels-0.15.0.*mtl_jax.data'):
    rand_hie.load(files=str(tmp_path))
