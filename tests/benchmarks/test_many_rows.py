"""The measurement of many rows: one table, and a page of its stages."""

from benchmarks import results
from benchmarks.growth import many_rows, rows_page


def test_every_seed_cuts_the_same_table():
  datas = [many_rows.load(seed, rows=50, inputs=3) for seed in (0, 1)]
  parts = [data.train.table.parts for data in datas]
  assert parts[0] is not None
  assert parts[0].inputs is parts[1].inputs
  assert (datas[0].train.rows != datas[1].train.rows).any()


def rows(code, peak, stages=('a', 'b')):
  known = {'code': code, 'rows': 1000, 'resplits': 10}
  numbers = {'gib_held': '1.5', 'gib_peak': peak}
  return [{**known, 'stage': stage, **numbers} for stage in stages]


def test_a_column_for_each_measurement_the_newest_of_a_kind(tmp_path):
  path = tmp_path / 'many_rows.csv'
  assert rows_page.section(path, 2) == ''
  merged = rows_page.merged([], rows(rows_page.BEFORE, '9'))
  merged = rows_page.merged(merged, rows(rows_page.NOW, '3'))
  merged = rows_page.merged(merged, rows(rows_page.NOW, '2'))
  results.write(path, merged)
  text = rows_page.section(path, 2)
  assert '| a | 1.50 (9.00) | 1.50 (2.00) |' in text
  assert '1,000 rows, 10 resplits, rows held once' in text
