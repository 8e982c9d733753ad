"""A seed means one split for good; groups and strata are kept."""

import numpy as np
import pytest

from mtl_jax.data import splits
from mtl_jax.errors import InputError

STRATA = np.repeat([0, 1, 2], [50, 35, 16])
GROUPS = np.repeat(np.arange(200), np.arange(200) % 5 + 1)


def test_random_words_are_the_same_on_every_machine():
  assert splits.words(0, 2).tolist() == [
    9441442522235856127,
    17532960557476522086,
  ]
  assert splits.words(None, 2).tolist() == [
    11749869230777074271,
    4976686463289251617,
  ]


def test_seeds_and_streams_are_told_apart():
  made = [
    splits.words(seed, 4, stream).tobytes()
    for seed in (None, 0, 1, 2**40)
    for stream in (0, 1, 2)
  ]
  assert len(set(made)) == len(made)


def test_negative_seed_is_refused():
  with pytest.raises(InputError, match='split_seed is -1'):
    splits.words(-1, 3)


def test_pattern_spreads_the_parts():
  assert splits.pattern((3, 1, 1)).tolist() == [0, 0, 1, 2, 0]
  assert np.bincount(splits.pattern((7, 1, 2))).tolist() == [7, 1, 2]


def cuts(seed):
  return {
    'stratified': splits.stratified(STRATA, (3, 1, 1), seed),
    'grouped': splits.grouped(GROUPS, (7, 1, 2), seed),
  }


@pytest.mark.parametrize('how', ['stratified', 'grouped'])
def test_a_split_is_a_shuffled_partition_that_the_seed_decides(how):
  first, again, other = (cuts(seed)[how] for seed in (3, 3, 4))
  for a, b, c in zip(first, again, other, strict=True):
    np.testing.assert_array_equal(a, b)
    assert set(a) != set(c)
    assert (np.diff(a) < 0).any()  # not in the order of the file
  rows = np.sort(np.concatenate(first))
  np.testing.assert_array_equal(rows, np.arange(len(rows)))


def test_fixed_split_is_none_of_the_seeds():
  fixed = set(splits.stratified(STRATA, (3, 1, 1), None)[0])
  drawn = [splits.stratified(STRATA, (3, 1, 1), s)[0] for s in range(20)]
  assert all(set(train) != fixed for train in drawn)


@pytest.mark.parametrize('seed', [None, 0, 1, 2])
def test_stratified_sizes_are_exact_and_each_stratum_is_shared(seed):
  rows = splits.stratified(STRATA, (3, 1, 1), seed)
  assert [len(r) for r in rows] == [61, 20, 20]
  for part, share in zip(rows, (0.6, 0.2, 0.2), strict=True):
    wanted = share * np.bincount(STRATA)
    assert np.abs(np.bincount(STRATA[part]) - wanted).max() <= 1


@pytest.mark.parametrize('seed', [None, 0, 1])
def test_no_group_is_cut_and_shares_hold(seed):
  strata = GROUPS % 3
  rows = splits.grouped(GROUPS, (7, 1, 2), seed, strata)
  seen = [set(GROUPS[part]) for part in rows]
  assert not (seen[0] & seen[1] | seen[0] & seen[2] | seen[1] & seen[2])
  for part, share in zip(rows, (0.7, 0.1, 0.2), strict=True):
    assert abs(len(part) - share * len(GROUPS)) <= 3 * GROUPS.size / 200


def test_every_row_may_land_in_every_part():
  drawn = [splits.stratified(STRATA, (3, 1, 1), seed) for seed in range(60)]
  for part in range(3):
    met = np.unique(np.concatenate([rows[part] for rows in drawn]))
    assert len(met) == len(STRATA)
