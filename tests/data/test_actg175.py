"""ACTG 175: the published counts, and no way from outcomes to inputs."""

import numpy as np
import pytest

from mtl_jax.data import actg175, splits
from mtl_jax.errors import InputError

LATER = {'cd420', 'cd820', 'cd496', 'r', 'offtrt', 'cens', 'days', 'pidnum'}
ROWS = splits.stratified(np.zeros(2139, np.int64), (3, 1, 1), 5)


@pytest.fixture(scope='module')
def table(raw, data_dir):
  return actg175.read(data_dir, raw('actg175'))


@pytest.fixture(scope='module')
def load(raw, data_dir):
  folder = raw('actg175')
  return lambda seed=None: actg175.load(seed, data_dir, folder)


def test_table_is_the_known_one(table):
  assert len(table['pidnum']) == len(np.unique(table['pidnum'])) == 2139
  assert (np.diff(table['pidnum']) > 0).all()  # file order is kept
  missing = {k: int(np.isnan(v).sum()) for k, v in table.items()}
  assert missing.pop('cd496') == 797
  assert set(missing.values()) == {0}
  assert table['cens'].sum() == 521
  assert np.bincount(table['arms'].astype(int)).tolist() == [532, 522, 524, 561]


def test_inputs_are_baseline_columns_only():
  assert not LATER & set(actg175.INPUTS)
  assert len(actg175.INPUTS) == 16
  assert set(actg175.INPUTS) < set(actg175.COLUMNS)


def test_outcomes_cannot_reach_the_inputs(table):
  rng = np.random.default_rng(0)
  spoilt = dict(table)
  for name in LATER:
    spoilt[name] = rng.permutation(table[name])
  spoilt['cd420'] = spoilt['cd420'] * 3
  a, b = actg175.build(table, ROWS), actg175.build(spoilt, ROWS)
  for one, other in zip(a.splits.values(), b.splits.values(), strict=True):
    np.testing.assert_array_equal(one.inputs, other.inputs)
    for k in range(5):  # and the spoiling did reach the labels
      assert (one.labels[k] != other.labels[k]).any()


def test_columns_that_are_used_do_reach_the_inputs(table):
  base = actg175.features(table)
  for name in actg175.INPUTS:
    changed = {**table, name: table[name][::-1]}
    assert (actg175.features(changed) != base).any(), name


def test_a_missing_input_is_named_by_column_and_row(table):
  assert actg175.features(table).shape == (2139, len(actg175.FEATURES))
  for name in ('age', 'cd80'):
    spoilt = {**table, name: table[name].copy()}
    spoilt[name][84] = np.nan
    with pytest.raises(InputError, match=f"actg175.*'{name}', row 84 is nan"):
      actg175.build(spoilt, ROWS)


@pytest.mark.parametrize('seed', [None, 0, 1, 2])
def test_sizes_are_the_same_for_every_seed_and_strata_are_shared(load, seed):
  data = load(seed)
  assert [len(s.mask) for s in data.splits.values()] == [1283, 428, 428]
  shares = [s.labels[4].mean() for s in data.splits.values()]
  np.testing.assert_allclose(shares, 521 / 2139, atol=0.005)


def test_a_seed_is_one_split_and_the_fixed_split_is_another(load):
  same, again, other, fixed = load(7), load(7), load(8), load()
  np.testing.assert_array_equal(same.test.inputs, again.test.inputs)
  assert (same.test.inputs != other.test.inputs).any()
  assert (same.test.inputs != fixed.test.inputs).any()


def test_tasks_in_order_with_the_week_96_count_masked(load):
  data = load()
  names = ['cd420', 'cd820', 'cd496', 'offtrt', 'cens']
  assert [task.name for task in data.tasks] == names
  assert [t.kind for t in data.tasks] == ['regression'] * 3 + ['binary'] * 2
  known = sum(s.mask.sum(axis=0) for s in data.splits.values())
  assert known.tolist() == [2139, 2139, 1342, 2139, 2139]


def test_scales_are_those_of_the_training_split(load):
  train = load(3).train
  assert train.inputs.shape == (1283, 19)
  assert train.inputs.dtype == np.float32
  np.testing.assert_allclose(train.inputs.mean(axis=0), 0, atol=1e-5)
  np.testing.assert_allclose(train.inputs.std(axis=0), 1, atol=1e-4)
  for k in range(3):
    seen = train.labels[k][train.mask[:, k]]
    np.testing.assert_allclose([seen.mean(), seen.std()], [0, 1], atol=1e-5)


def test_split_is_not_in_the_order_of_the_file(table):
  strata = (table['cens'] * 4 + table['strat']).astype(np.int64)
  for rows in splits.stratified(strata, actg175.PARTS, None):
    assert abs(np.corrcoef(np.arange(len(rows)), rows)[0, 1]) < 0.15


def test_labels_have_the_scale_of_their_training_rows(table):
  data = actg175.build(table, ROWS)
  assert [scale is None for scale in data.scales] == [0, 0, 0, 1, 1]
  scale, values = data.scales[2], table['cd496'][ROWS[2]]
  known = np.isfinite(values)
  back = scale.mean + scale.std * data.test.labels[2]
  np.testing.assert_allclose(back[known], values[known], rtol=1e-4, atol=1e-3)
  # CD4 cells at week 96: mean 328.6, standard deviation 174.7 of all rows.
  assert abs(scale.mean - 328.6) < 15
  assert abs(scale.std - 174.7) < 15
  assert {own.unit for own in data.scales[:3]} == {'cells/mm3'}
