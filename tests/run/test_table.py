"""Cells: what is written, what is not trained again, what goes on."""

import collections
import inspect
import linecache
import signal

import pytest

from configs import default
from mtl_jax import cells, records, run
from mtl_jax.cells import build, shapes
from mtl_jax.errors import InputError
from mtl_jax.processes import signals
from mtl_jax.programs import compile_ahead
from mtl_jax.records import digests
from mtl_jax.run.progress import Live
from mtl_jax.schemes import hard
from tests import small

quick = small.quick


def config(**changes):
  c = default.get_config()
  c.dataset = 'tests.toy'
  c.encoders.mlp.widths = (4,)
  c.encoders.mlp.dropout = 0.2
  c.steps, c.evals, c.batch_size, c.seeds = 24, 4, 8, 3
  c.hp.lr = (1e-2,)
  c.update(changes)
  return c


def make(**changes):
  c = config(**changes)
  return cells.make(c, build.data(c))


def lines(folder, kind, rel=0.0):
  """Records of one kind; a resumed run may have written one twice.

  Then both are equal, or differ by `rel` where their devices did.
  """
  found = {}
  for record in records.read(folder):
    if record['kind'] == kind:
      key = (record.get('run'), record.get('step'))
      one, other = found.get(key, record), record
      if rel:
        one, other = floats(one), pytest.approx(floats(other), rel=rel)
      assert one == other
      found[key] = record
  return [found[key] for key in sorted(found)]


def floats(record):
  """Its numbers by name."""
  flat = records.flat(record).items()
  return {name: value for name, value in flat if isinstance(value, float)}


def numbers(folder, rel=0.0):
  """All that was measured, by run, step and name; `rel` as in `lines`."""
  return {
    (kind, line['run'], line.get('step'), name): value
    for kind in ('eval', 'test')
    for line in lines(folder, kind, rel)
    for name, value in floats(line).items()
  }


class Compiled(compile_ahead.Ahead):
  """Equal cells are compiled once, for all tests."""

  def __init__(self):
    super().__init__([])
    self._ready = {}

  def take(self, cell):
    key = cell.hash, cell.config.to_json_best_effort()
    if key not in self._ready:
      self._ready[key] = compile_ahead.prepare(cell)
    return self._ready[key]


COMPILED = Compiled()


def train(cell, folder, stop_after=None):
  """Trains one cell; asks to stop after so many evaluation periods."""
  calls = []

  def asked():
    calls.append(0)
    reached = stop_after is not None and len(calls) >= stop_after
    return signal.SIGTERM if reached else 0

  with Live(cell.steps) as live:
    run.train_cell(cell, folder, live, asked, COMPILED)


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
  """A cell trained without a stop."""
  cell = make()
  folder = tmp_path_factory.mktemp('cell') / cell.hash
  train(cell, folder)
  return cell, folder


def test_every_run_is_evaluated_and_tested(trained):
  _, folder = trained
  evals = lines(folder, 'eval')
  assert [(e['run'], e['step']) for e in evals] == [
    (r, s) for r in range(3) for s in (6, 12, 18, 24)
  ]
  tests = lines(folder, 'test')
  assert [t['seed'] for t in tests] == [0, 1, 2]
  assert set(tests[0]['test']) == {'sum', 'first'}
  assert records.finished(folder)


def test_the_kept_parameters_are_those_of_the_best_evaluation(trained):
  cell, folder = trained
  names = [task.name for task in cell.system.tasks]
  for test in lines(folder, 'test'):
    own = [e for e in lines(folder, 'eval') if e['run'] == test['run']]
    scales = dict(zip(names, cell.scales[test['seed']], strict=True))
    best = min(
      own, key=lambda e: sum(e['valid'][t]['loss'] / scales[t] for t in names)
    )
    assert test['valid'] == best['valid']
    assert set(test['best_step'].values()) == {best['step']}


def test_a_stopped_run_goes_on_to_the_same_bit(trained, tmp_path):
  cell, whole = trained
  with pytest.raises(signals.Stopped):
    train(cell, tmp_path / 'cell', stop_after=2)
  assert (tmp_path / 'cell' / 'checkpoints').is_dir()
  assert not records.finished(tmp_path / 'cell')
  train(cell, tmp_path / 'cell')
  for kind in ('eval', 'test'):
    assert lines(tmp_path / 'cell', kind) == lines(whole, kind)
  assert not (tmp_path / 'cell' / 'checkpoints').exists()


@pytest.mark.parametrize('saved', [0, 2])
def test_what_is_trained_again_is_recorded_once(saved, trained, tmp_path):
  """A process was killed that had come further than its checkpoint."""
  cell, whole = trained
  if saved:
    with pytest.raises(signals.Stopped):
      train(cell, tmp_path / 'cell', stop_after=saved)
  first, *others = records.read(whole)
  later = [line for line in others if line['kind'] != 'done']
  records.append(
    tmp_path / 'cell',
    *([] if saved else [first]),
    *[r for r in later if r.get('step', 99) > 12],
  )
  train(cell, tmp_path / 'cell')
  once, again = map(kinds, (whole, tmp_path / 'cell'))
  assert again == once
  assert max(again.values()) == 1


def kinds(folder):
  """How often there is a record of each kind, run and step."""
  return collections.Counter(
    (line['kind'], line.get('run'), line.get('step'))
    for line in records.read(folder)
  )


def test_chunks_change_nothing_but_rounding(trained, tmp_path):
  """Stopped in the second of three chunks, besides."""
  cell = make(parallel='1')
  with pytest.raises(signals.Stopped):
    train(cell, tmp_path / 'cell', stop_after=5)
  train(cell, tmp_path / 'cell')
  assert [len(chunk.runs) for chunk in cell.chunks()] == [1, 1, 1]
  pairs = zip(
    lines(tmp_path / 'cell', 'test'), lines(trained[1], 'test'), strict=True
  )
  for ours, theirs in pairs:
    assert records.flat(ours['test']) == pytest.approx(
      records.flat(theirs['test']), rel=1e-4
    )


def test_a_program_of_another_width_starts_the_cell_again(trained, tmp_path):
  cell, whole = trained
  other = make(parallel='2')
  assert other.hash == cell.hash
  with pytest.raises(signals.Stopped):
    train(other, tmp_path / 'cell', stop_after=2)
  with pytest.raises(signals.Stopped):
    train(cell, tmp_path / 'cell', stop_after=1)
  train(cell, tmp_path / 'cell')
  assert lines(tmp_path / 'cell', 'test') == lines(whole, 'test')
  assert not [*(tmp_path / 'cell').glob('*.damaged')]


def test_a_stop_between_chunks_is_heard(tmp_path):
  cell = make(parallel='1', evals=1, seeds=2)
  with pytest.raises(signals.Stopped):
    train(cell, tmp_path / 'cell', stop_after=1)
  assert len(lines(tmp_path / 'cell', 'test')) == 1
  train(cell, tmp_path / 'cell')
  assert len(lines(tmp_path / 'cell', 'test')) == 2


def test_the_last_period_may_be_shorter(trained, tmp_path):
  """The steps are those of any other division; a resumed run's too."""
  cell = make(evals=5)
  with pytest.raises(signals.Stopped):
    train(cell, tmp_path / 'cell', stop_after=3)
  train(cell, tmp_path / 'cell')
  evals = lines(tmp_path / 'cell', 'eval')
  steps = [e['step'] for e in evals if e['run'] == 0]
  assert steps == [5, 10, 15, 20, 24]
  whole = lines(trained[1], 'eval')
  last, expected = (
    [e for e in own if e['step'] == 24] for own in (evals, whole)
  )
  for own, other in zip(last, expected, strict=True):
    small.close(own['valid'], other['valid'], 1e-5)


def test_more_evaluations_than_periods_of_equal_length_are_fewer():
  cell = make(steps=10, evals=7)
  assert (cell.sizes.steps, cell.evals, cell.last_steps) == (2, 5, 2)
  assert make(steps=3, evals=9).evals == 3


def test_an_edited_scheme_is_another_cell(tmp_path, monkeypatch):
  """A comment or a docstring is no edit."""
  monkeypatch.syspath_prepend(tmp_path)
  source = inspect.getsource(hard)
  hashes = []
  commented = f'{source}\n# Here ends the file.\n'
  described = source.replace('Hard sharing', 'Described anew')
  edited = f'{source}\nNOTHING = 1\n'
  assert len({source, commented, described, edited}) == 4
  for text in (source, commented, described, edited):
    (tmp_path / 'edited_lab').mkdir(exist_ok=True)
    (tmp_path / 'edited_lab' / 'mine.py').write_text(text)
    linecache.clearcache()
    hashes.append(make(scheme='edited_lab.mine').hash)
  assert hashes[0] == hashes[1] == hashes[2] != hashes[3]


def test_a_finished_cell_is_not_trained_again(trained, monkeypatch):
  cell, folder = trained
  workdir = folder.parents[0]
  (workdir / 'cells').mkdir(exist_ok=True)
  folder.rename(workdir / 'cells' / cell.hash)
  monkeypatch.setattr(run, 'train_cell', None)  # must not be called
  assert run.train([cell], workdir) == [workdir / 'cells' / cell.hash]
  (workdir / 'cells' / cell.hash).rename(folder)


def test_a_finished_cell_is_not_traced_again(trained, monkeypatch):
  cell, folder = trained
  workdir = folder.parents[0]

  def refuse(*_):
    raise InputError('not with these inputs')

  monkeypatch.setattr(shapes, 'try_shapes', refuse)
  own = workdir / 'cells' / cell.hash
  own.parent.mkdir(exist_ok=True)
  folder.rename(own)
  try:
    again = cells.make(cell.config, cell.datas, workdir=workdir)
    assert again.identity == cell.identity
    assert run.train([again], workdir) == [own]
  finally:
    own.rename(folder)
  with pytest.raises(InputError, match='not with these inputs'):
    cells.make(cell.config, cell.datas, workdir=workdir)


def test_settings_are_runs_of_one_cell(tmp_path):
  cell = make(seeds=2, hp={'lr': (1e-3, 1e-2), 'clip': (0.0, 1.0)})
  assert len(cell.runs) == 8
  train(cell, tmp_path / 'cell')
  tried = {
    (t['hp']['lr'], t['hp']['clip'], t['seed'])
    for t in lines(tmp_path / 'cell', 'test')
  }
  assert len(tried) == 8


def test_a_run_that_is_not_finite_fails_and_the_others_go_on(tmp_path):
  cell = make(seeds=2, optimizer='sgd', hp={'lr': (1e-2, 1e30)})
  train(cell, tmp_path / 'cell')
  failed, tests = (lines(tmp_path / 'cell', k) for k in ('failed', 'test'))
  assert {(f['hp']['lr'], f['seed']) for f in failed} == {(1e30, 0), (1e30, 1)}
  assert all(0 < f['step'] < 24 for f in failed)
  assert {(t['hp']['lr'], t['seed']) for t in tests} == {(1e-2, 0), (1e-2, 1)}


def test_batches_without_a_label_are_noted_once(tmp_path):
  fields = {'toy': {'labels': (('first', 4),)}}
  cell = make(resplit=False, datasets=fields, batch_size=2)
  train(cell, tmp_path / 'cell')
  (note,) = (r for r in records.read(tmp_path / 'cell') if r['kind'] == 'note')
  assert "task 'first' had no valid label" in note['text']
  for e in lines(tmp_path / 'cell', 'eval'):
    assert e['train_loss']['first'] is not None


def test_the_hash_names_what_determines_the_numbers_and_no_more():
  base = make()
  idle = {'parallel': '1', 'checkpoint_seconds': 1.0, 'margin': 0.02}
  assert make(**idle).hash == base.hash
  others = (
    {'seeds': 2},
    {'steps': 12},
    {'hp': {'lr': (1e-3,)}},
    {'encoders': {'mlp': {'widths': (5,)}}},
    {'scheme': 'single'},
    {'datasets': {'toy': {'scale': 2.0}}},
  )
  assert len({base.hash, *(make(**o).hash for o in others)}) == 7


def test_config_json_is_what_the_hash_was_made_from(trained):
  cell, folder = trained
  saved = digests.read(folder / 'config.json', '')
  assert records.digest(saved) == cell.hash


def test_rows_of_reference_models_join_once(trained, tmp_path):
  cell, _ = trained
  folders = run.reference(cell, tmp_path)
  before = [(f / 'records.jsonl').read_text() for f in folders]
  assert run.reference(cell, tmp_path) == folders
  assert [(f / 'records.jsonl').read_text() for f in folders] == before
  for folder, scheme in zip(folders, ['reference', 'trees'], strict=True):
    assert lines(folder, 'cell')[0]['scheme'] == scheme
    assert [t['seed'] for t in lines(folder, 'test')] == [0, 1, 2]
