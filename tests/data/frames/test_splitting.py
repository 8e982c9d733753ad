"""Splits: shares of classes, whole groups, and the user's own."""

import numpy as np
import pandas as pd
import pytest

from mtl_jax.data import frame

from .conftest import TASKS


def rows_of(found, seed):
  data = found(seed)
  return [split.rows for split in data.splits.values()]


@pytest.mark.parametrize('seed', [None, 0, 5])
def test_each_split_has_its_share_of_every_class(seed):
  rare = np.arange(500) % 25 == 0
  table = pd.DataFrame({'x': np.arange(500) ** 1.5, 'rare': rare})
  table['often'] = np.random.default_rng(0).integers(0, 2, 500)
  parts = rows_of(frame(table, ('often:binary', 'rare:binary')), seed)
  assert [len(own) for own in parts] == [300, 100, 100]
  assert [rare[own].sum() for own in parts] == [12, 4, 4]
  shares = [table.often[own].mean() for own in parts]
  assert np.ptp(shares) < 0.03


@pytest.mark.parametrize('seed', [None, 0, 5])
def test_no_group_is_cut(people, seed):
  found = frame(people, TASKS, group='family')
  parts = rows_of(found, seed)
  groups = [set(people.family[own]) for own in parts]
  assert sum(map(len, groups)) == len(set.union(*groups)) == 30
  assert min(map(len, groups)) >= 4
  assert found(seed).card.unit_counts == {
    name: len(own)
    for name, own in zip(('train', 'valid', 'test'), groups, strict=True)
  }
  assert 'family' not in [column.name for column in found.plan.columns]


def test_the_users_split_is_that_of_every_seed(people):
  words = np.array(['Train', 'training', 'val', 'TEST'])
  rows = people.assign(part=words[np.arange(120) % 4])
  found = frame(rows, TASKS, split='part')
  for seed in (None, 1):
    train, valid, test = map(np.sort, rows_of(found, seed))
    assert (train % 4 < 2).all()
    assert (valid % 4 == 2).all()
    assert (test % 4 == 3).all()


def test_without_validation_rows_the_seed_draws_them(people):
  rows = people.assign(
    part=np.array(['train', 'test'])[np.arange(120) // 4 % 2]
  )
  found = frame(rows, TASKS, split='part', group='family')
  train, valid, test = rows_of(found, 0)
  assert sorted(np.r_[train, valid]) == sorted(
    np.flatnonzero(rows.part == 'train')
  )
  assert not set(rows.family[train]) & set(rows.family[valid])
  assert 0.15 < len(valid) / 60 < 0.35
  assert set(rows_of(found, 1)[1]) != set(valid)
