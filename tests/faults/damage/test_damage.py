"""Damaged files are named in one line, and what they held is made again."""

import random
import shutil

import numpy as np
import pytest

from mtl_jax import models, run
from mtl_jax.processes import signals
from mtl_jax.records import digests
from mtl_jax.run.resuming import repairs
from tests import small
from tests.faults.damage import harm
from tests.run.test_table import lines, make, train

quick = small.quick


@pytest.fixture(scope='module')
def cell():
  """Three runs, one after the other, of which a model is kept."""
  return make(parallel='1', evals=2)


@pytest.fixture(scope='module')
def whole(cell, tmp_path_factory):
  folder = tmp_path_factory.mktemp('whole') / 'cell'
  train(cell, folder)
  return folder


@pytest.fixture(scope='module')
def stopped(cell, tmp_path_factory):
  """With a checkpoint, and a run that waits for the choice among all."""
  folder = tmp_path_factory.mktemp('stopped') / 'cell'
  with pytest.raises(signals.Stopped):
    train(cell, folder, stop_after=3)
  return folder


def one(folder, pattern):
  """The largest file that matches."""
  return max(
    folder.glob(pattern), key=lambda p: (p.is_file(), p.stat().st_size)
  )


def equal(ours, theirs):
  for kind in ('eval', 'test'):
    assert lines(ours, kind) == lines(theirs, kind)
  one, other = (models.load(f).stored.arrays for f in (ours, theirs))
  for name in one:
    np.testing.assert_array_equal(one[name], other[name])
  assert digests.of_cell(ours) == []


@pytest.mark.parametrize(
  ('pattern', 'kind'),
  [
    ('records.jsonl', 'one bit flipped'),
    ('records.jsonl', 'empty'),
    ('records.jsonl', 'truncated'),
    ('config.json', 'truncated'),
    ('checkpoints/*/[0-9]*/**/*', 'one bit flipped'),
    ('checkpoints/*/[0-9]*/**/*', 'empty'),
    ('checkpoints/*/[0-9]*.digest.json', 'truncated'),
    ('kept/0.npz', 'one bit flipped'),
    ('kept/until', 'empty'),
  ],
)
def test_a_stopped_cell_heals(
  cell, whole, stopped, tmp_path, capsys, pattern, kind
):
  folder = tmp_path / 'cell'
  shutil.copytree(stopped, folder)
  path = one(folder, pattern)
  harm.damage(path, kind, random.Random(0))
  repairs.before(folder, cell.identity)
  train(cell, folder)
  equal(folder, whole)
  told = [
    line for line in capsys.readouterr().err.splitlines() if 'damage' in line
  ]
  assert len(told) == 1
  assert str(path) in told[0]


@pytest.mark.parametrize('kind', harm.KINDS)
def test_damaged_records_of_a_finished_cell_are_set_aside(
  cell, whole, tmp_path, capsys, kind
):
  folder = tmp_path / 'cell'
  shutil.copytree(whole, folder)
  path = folder / 'records.jsonl'
  damaged = harm.damage(path, kind, random.Random(1))
  assert not run.finished(cell, folder)
  train(cell, folder)
  equal(folder, whole)
  assert path.with_name('records.jsonl.damaged').read_bytes() == damaged
  assert str(path) in capsys.readouterr().err


@pytest.mark.parametrize(
  'pattern', ['best/**/*', 'predictions.npz', 'model.json', 'best.digest.json']
)
def test_a_damaged_model_is_never_loaded(whole, tmp_path, pattern):
  folder = tmp_path / 'cell'
  shutil.copytree(whole, folder)
  path = one(folder, pattern)
  harm.damage(path, 'one bit flipped', random.Random(2))
  with pytest.raises(digests.DamagedError, match='keep=best') as error:
    models.load(folder)
  assert str(path) in str(error.value)
  # The table does not need it; who asks for it by name has it trained again.
  assert run.finished(make(parallel='1', evals=2), folder)
  assert not run.finished(make(parallel='1', evals=2, keep='best'), folder)


@pytest.mark.parametrize('kept', ['a line', 'a part of a line', 'nothing'])
def test_a_cell_with_few_records_is_not_passed_over(whole, tmp_path, kept):
  shutil.copytree(whole, tmp_path / 'cells' / 'a')
  path = tmp_path / 'cells' / 'a' / 'records.jsonl'
  first = path.read_bytes().partition(b'\n')[0] + b'\n'
  parts = {'a line': first, 'a part of a line': first[:20], 'nothing': b''}
  path.write_bytes(parts[kept])
  with pytest.raises(digests.DamagedError) as error:
    models.folders.find(tmp_path, 'hard')
  assert str(path) in str(error.value)


def test_reports_name_the_damaged_file(whole, tmp_path):
  from mtl_jax.report import results

  shutil.copytree(whole, tmp_path / 'cell')
  path = tmp_path / 'cell' / 'records.jsonl'
  harm.damage(path, 'one bit flipped', random.Random(3))
  with pytest.raises(digests.DamagedError, match='run the command') as error:
    results.load(tmp_path / 'cell')
  assert str(path) in str(error.value)
