"""A whole workdir lacks nothing; what is missing is named with its remedy."""

import json
import os
import shutil

import pytest

from mtl_jax import records
from mtl_jax.records import incomplete, locks, made

ASKED = {'config': {'keep': 'auto'}, 'groups': (), 'row': '', 'runs': 2}
FACTS = {'command': 'python -m experiments.compare --x'}


def cell(folder, tests=2, ends=True, **changes):
  """A cell as training leaves it, without training."""
  made.begin(folder, ASKED | changes, FACTS)
  records.append(folder, {'kind': 'cell', 'hash': folder.name})
  records.write_config(folder, {'steps': 1})
  records.append(folder, *({'kind': 'test', 'run': i} for i in range(tests)))
  if ends:
    made.end(folder)
    records.append(folder, {'kind': 'done'})
    (folder / 'model.json').write_text('{}')


@pytest.fixture
def workdir(tmp_path):
  for name in ('a', 'b'):
    cell(tmp_path / 'cells' / name)
  rows = [{'header': {'hash': 'a b', 'scheme': 'hard'}}]
  (tmp_path / 'table.json').write_text(json.dumps({'rows': rows}))
  (tmp_path / 'table.md').write_text('')
  return tmp_path


def said(workdir):
  return [f'{p.path.name}: {p.what}' for p in incomplete.of_workdir(workdir)]


def test_a_whole_workdir_lacks_nothing(workdir):
  assert incomplete.of_workdir(workdir) == []


def test_nor_does_one_of_a_version_without_provenance(workdir):
  (workdir / 'cells' / 'a' / 'made.json').unlink()
  assert incomplete.of_workdir(workdir) == []


def test_a_cell_that_was_begun_names_its_command(workdir):
  cell(workdir / 'cells' / 'c', tests=1, ends=False)
  (problem,) = incomplete.of_workdir(workdir)
  assert problem.what == 'begun and not finished; 1 of 2 runs are tested'
  assert 'experiments.compare --x' in problem.remedy
  with locks.held(workdir / 'cells' / 'c'):
    (problem,) = incomplete.of_workdir(workdir)
  assert f'process {os.getpid()} on' in problem.what
  assert problem.remedy == 'wait until it ends'


def test_a_run_without_a_result_is_missing(workdir):
  cell(workdir / 'cells' / 'c', tests=0, ends=True)
  os.utime(workdir / 'table.md')
  os.utime(workdir / 'table.json')
  assert said(workdir) == ['c: 2 of 2 runs have no result']


@pytest.mark.parametrize(
  ('changes', 'missing'),
  [
    ({}, True),
    ({'config': {'keep': 'nothing'}}, False),
    ({'groups': ((0, 1),)}, False),
    ({'row': 'reference'}, False),
  ],
)
def test_a_model_is_missing_where_one_was_to_be_kept(
  tmp_path, changes, missing
):
  cell(tmp_path / 'cells' / 'a', **changes)
  (tmp_path / 'cells' / 'a' / 'model.json').unlink()
  assert said(tmp_path) == ['model.json: not kept'] * missing


def test_a_table_is_older_than_a_cell_that_was_trained_again(workdir):
  os.utime(workdir / 'table.md', (1, 1))
  assert said(workdir) == [
    'table.md: older than 2 of the cells, such as a'
  ]  # fmt: skip


def test_a_row_without_its_cell_is_named(workdir):
  shutil.rmtree(workdir / 'cells' / 'b')
  assert said(workdir) == ['table.json: its row hard has no cell b']


def test_damaged_records_are_left_to_the_digests(workdir):
  (workdir / 'cells' / 'a' / 'records.jsonl').write_text('{]\n{}\n')
  assert incomplete.of_workdir(workdir) == []
