"""Ratios are of rounds, not of medians; a re-run replaces its own rows."""

import pytest

from benchmarks import results
from benchmarks.speed import detail

ORDER = ('a', 'b', 'c')


def test_copies_that_train_side_by_side_share_the_time():
  assert results.per_step(seconds=2, steps=100, copies=8) == 2.5


def test_a_ratio_is_the_median_over_rounds():
  row = results.row('a', ours=[1, 1, 10], libmtl=[2, 3, 40], torch=None)
  assert row['ratio'] == '3'  # of 2, 3, 4; the medians' ratio is 3 / 1
  slow = results.row('a', ours=[1, 2, 3], libmtl=[8, 2, 9], torch=[1, 2, 3])
  assert (slow['ratio'], slow['ratio_torch']) == ('3', '1')


def test_the_medians_of_unequal_rounds_do_not_make_the_ratio():
  row = results.row('a', ours=[1, 4, 5], libmtl=[1, 8, 5], torch=None)
  assert (row['ours_ms'], row['libmtl_ms'], row['ratio']) == ('4', '5', '1')


def test_a_peer_that_cannot_run_leaves_empty_cells():
  row = results.row('a', ours=[1], libmtl=None, torch=[2])
  assert (row['libmtl_ms'], row['ratio']) == ('', '')
  assert row['ratio_torch'] == '2'


def test_the_better_way_of_a_peer_counts():
  ms = {'ours': [1.0], 'torch threads': [3.0], 'torch pinned': [2.0]}
  timings = detail.Timings(ms, {})
  assert timings.best('torch') == 'torch pinned'
  assert timings.best('libmtl') is None


def test_a_second_run_keeps_the_rows_of_other_workloads():
  old = [{'workload': 'c', 'x': '1'}, {'workload': 'a', 'x': '1'}]
  new = [{'workload': 'a', 'x': '2'}, {'workload': 'b', 'x': '2'}]
  merged = results.merge(old, new, ORDER)
  assert [tuple(r.values()) for r in merged] == [
    ('a', '2'),
    ('b', '2'),
    ('c', '1'),
  ]


def test_a_workload_with_several_lines_loses_all_its_old_ones():
  old = [{'workload': 'a', 'x': str(i)} for i in range(3)]
  assert len(results.merge(old, [{'workload': 'a', 'x': '9'}], ORDER)) == 1


def test_what_is_written_is_read(tmp_path):
  rows = [results.row('a', [1], [2], None)]
  results.write(tmp_path / 'new' / 'speed.csv', rows)
  assert results.read(tmp_path / 'new' / 'speed.csv') == rows
  assert results.read(tmp_path / 'none.csv') == []


def test_the_share_of_peak_is_flops_over_time_over_peak():
  about = {'ours': {'flops': 4e6, 'peak': 1e9, 'steps': 3}}
  (row,) = detail.rows('a', detail.Timings({'ours': [10.0]}, about))
  assert float(row['share_of_peak']) == pytest.approx(0.4)
  assert (row['side'], row['way'], row['compile_seconds']) == ('ours', '-', '')
