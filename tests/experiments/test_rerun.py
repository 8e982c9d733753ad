"""A cell is trained again from its folder alone, and compared."""

import json
import pathlib
import re
import shlex
import shutil
import types

import pytest

from experiments import cli
from experiments.rerun import __main__ as rerun
from experiments.rerun import again, differences, stored, verdict
from mtl_jax import records, run
from mtl_jax.errors import InputError
from mtl_jax.records import made
from tests import small
from tests.experiments import test_start
from tests.models.test_models import trained

quick = small.quick

DOCS = pathlib.Path(__file__).parents[2] / 'docs'


@pytest.fixture(scope='module')
def case(tmp_path_factory):
  """A cell and its folder, and those of the reference rows."""
  workdir = tmp_path_factory.mktemp('workdir')
  cell, folder = trained(workdir)
  return types.SimpleNamespace(
    folder=folder, rows=run.reference(cell, workdir), workdir=workdir
  )


@pytest.fixture(scope='module')
def whole(case, tmp_path_factory):
  """The cell, trained again."""
  cell = stored.read(case.folder)
  made_again = again.make(cell, stored.numbers(None, cell))
  folder = again.train(made_again, tmp_path_factory.mktemp('again'))
  return made_again, folder


def test_a_cell_is_equal_to_the_bit(whole):
  assert verdict.changes(whole[0]) == []
  answer = verdict.of(*whole, None)
  assert answer.equal
  assert 'equal to the bit: 8 records and the kept model' in answer.text


def with_lines(cell, change):
  """The cell as if a record of its had been another."""
  lines = json.loads(json.dumps(cell.stored.lines))
  change(next(line for line in lines if line['kind'] == 'test'))
  return cell._replace(stored=cell.stored._replace(lines=lines))


def test_the_largest_difference_names_task_and_metric(whole):
  def change(line):
    line['test']['first']['auc'] += 0.01
    line['score'] += 1e-6

  cell = with_lines(whole[0], change)
  answer = verdict.of(cell, whole[1], None)
  assert not answer.equal
  said = (
    'different: the largest difference is 0.01, in test auc of first, run 0'
  )
  assert said in answer.text
  assert not verdict.of(cell, whole[1], 1e-3).equal
  assert verdict.of(cell, whole[1], 0.02).equal


def test_elsewhere_another_step_of_equal_quality_is_no_difference(whole):
  cell = with_lines(whole[0], lambda line: line['best_step'].update(first=1))
  assert not verdict.of(cell, whole[1], None).equal
  assert verdict.of(cell, whole[1], 1e-3).equal


def test_what_has_changed_is_said(whole):
  cell, _ = whole
  identity = json.loads(json.dumps(cell.stored.identity))
  identity['sources']['core'] = 'other'
  known = json.loads(json.dumps(cell.stored.made))
  known['jobs'][0]['versions']['jax'] = '0.1'
  old = cell.stored._replace(identity=identity, made=known)
  code, conditions = verdict.changes(cell._replace(stored=old))
  assert code == 'the code has changed since: sources.core'
  assert conditions.startswith('conditions are others: versions.jax 0.1 then, ')


def test_other_data_are_refused(whole):
  cell, _ = whole
  identity = {**cell.stored.identity, 'fingerprint': 'x'}
  other = cell._replace(stored=cell.stored._replace(identity=identity))
  with pytest.raises(InputError, match='their digest was x and is'):
    again._check_data(other)


def test_a_part_of_the_runs_is_equal_to_rounding(case, tmp_path):
  cell = stored.read(case.folder)
  part = again.make(cell, stored.numbers(['1'], cell))
  folder = again.train(part, tmp_path)
  assert folder.name != case.folder.name
  assert {line['seed'] for line in records.read(folder) if 'seed' in line} == {
    1
  }
  answer = verdict.of(part, folder, None)
  assert answer.equal, answer.text


def test_so_is_a_row_of_reference_models(case, tmp_path):
  for path in case.rows:
    cell = stored.read(path)
    row = again.make(cell, stored.numbers(None, cell))
    assert verdict.changes(row) == []
    answer = verdict.of(row, again.train(row, tmp_path), None)
    assert answer.equal
    assert 'equal to the bit: 2 records' in answer.text


def test_records_that_are_not_there_are_differences():
  line = {'kind': 'eval', 'run': 0, 'step': 1, 'valid': {'a': {'auc': 0.5}}}
  key = 'eval', 0, 1
  (found,) = differences.of_lines({key: line}, {})
  assert found.text == 'valid auc of a, run 0, step 1: 0.5 then, nothing now'
  (found,) = differences.of_lines({key: line}, {key: line | {'valid': None}})[
    :1
  ]
  assert found.size == float('inf')


def broken(folder, tmp_path, how):
  path = tmp_path / 'cells' / folder.name
  shutil.copytree(folder, path)
  if how == 'older':
    (path / made.FILE).unlink()
  if how == 'changed':
    text = (path / made.FILE).read_text()
    (path / made.FILE).write_text(text.replace('"seeds": 2', '"seeds": 3'))
  if how == 'cut':
    lines = (path / 'records.jsonl').read_text().splitlines()
    (path / 'records.jsonl').write_text('\n'.join(lines[:-1]) + '\n')
  return {'none': tmp_path / 'none', 'workdir': tmp_path}.get(how, path)


@pytest.mark.parametrize(
  ('how', 'message'),
  [
    ('none', 'no such folder'),
    ('workdir', 'is a workdir; name a cell'),
    ('older', 'has no made.json'),
    ('changed', 'made.json'),
    ('cut', 'not trained to its end|records.jsonl'),
  ],
)
def test_what_is_no_whole_cell_is_refused(case, tmp_path, how, message):
  with pytest.raises(InputError, match=message):
    stored.read(broken(case.folder, tmp_path, how))


def test_a_cell_does_not_bring_code(case, tmp_path, monkeypatch):
  """Of somebody else's cell, SECURITY.md says so of models too."""
  monkeypatch.syspath_prepend(tmp_path)
  folder = tmp_path / 'lab' / case.folder.name
  shutil.copytree(case.folder, folder)
  known = made.read(folder)
  known['config']['scheme'] = 'lab.code'
  made._write(folder, known)
  with pytest.raises(InputError, match=r"names the module 'lab.code'.*lies"):
    stored.read(folder)


@pytest.mark.parametrize(
  ('words', 'flag', 'value', 'message'),
  [
    ((), 'WORKDIR', None, 'give the folder of a cell'),
    (('{0}',), 'WORKDIR', '{1}', 'holds the cell itself'),
    (('{0}',), 'RUNS', ['7'], "no run '7'; it has 0 to 1"),
    (('{0}',), 'RUNS', [], '--runs names no run'),
    (('{0}',), 'TOLERANCE', -1.0, '--tolerance=-1.0'),
  ],
)
def test_a_slip_is_one_line(case, monkeypatch, words, flag, value, message):
  places = case.folder, case.workdir
  for name in ('WORKDIR', 'RUNS', 'TOLERANCE'):
    own = value.format(*places) if isinstance(value, str) else value
    shown = types.SimpleNamespace(value=own if name == flag else None)
    module = cli if name == 'WORKDIR' else rerun
    monkeypatch.setattr(module, name, shown)
  monkeypatch.setattr(cli, 'WORDS', [word.format(*places) for word in words])
  with pytest.raises(InputError, match=re.escape(message)):
    rerun.check()


def test_a_slip_needs_no_jax(case):
  (line, code), modules = test_start.begun(
    'experiments.rerun', str(case.folder), '--runs=x'
  )
  assert "no run 'x'" in line
  assert code == 'code 2'
  assert not modules & {*test_start.HEAVY, 'jax', 'flax', 'optax'}


def test_the_commands_of_the_page_run(case):
  """On a cell that was trained under other flags, here."""
  text = (DOCS / 'models.md').read_text('utf-8')
  (block,) = (
    x for x in re.findall(r'```sh\n(.*?)```', text, re.DOTALL) if 'rerun' in x
  )
  block = block.replace('out/a/cells/0123456789ab', str(case.folder))
  for line in block.replace('out/a', str(case.workdir)).splitlines():
    _, command, *words = shlex.split(line)
    said, _ = test_start.begun('experiments.main', command, *words)
    assert 'code 0' in said, said
