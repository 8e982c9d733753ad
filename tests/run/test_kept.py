"""What a cell keeps, and that it is what the report chooses."""

import shutil

import numpy as np
import pytest

from mtl_jax import cells, records, run
from mtl_jax.cells import build
from mtl_jax.processes import signals
from mtl_jax.records import digests, model_files
from mtl_jax.report import selected
from mtl_jax.report.runs import Run
from mtl_jax.run import chosen_runs, kept
from mtl_jax.tasks import Task, scores
from tests import small, toy
from tests.models.test_models import config
from tests.run.test_table import train

quick = small.quick


def make(**changes):
  c = config(**changes)
  return cells.make(c, build.data(c))


@pytest.mark.parametrize('resplit', [True, False])
@pytest.mark.parametrize('scheme', ['hard', 'single'])
def test_the_choice_is_that_of_the_report(scheme, resplit):
  cell = make(scheme=scheme, resplit=resplit, hp={'lr': (0.1, 0.2, 0.3)})
  draw = np.random.default_rng(0)
  for _ in range(20):
    lines = {i: line(*cell.runs[i], i, draw, scheme) for i in range(6)}
    runs = [as_run(own) for own in lines.values()]
    split = 'resplit' if resplit else 'fixed'
    theirs = selected.select(runs, split)
    ours = chosen_runs.chosen(cell, lines)
    for own in theirs:
      hps = own.hp_of or dict.fromkeys(chosen_runs.parts(cell), own.hp)
      failed = own.test is None
      assert failed == (own.seed not in ours)
      if not failed:
        chosen = [lines[n]['hp'] for n in ours[own.seed]]
        assert chosen == list(hps.values())
    # A run that is dropped after some chunks is not chosen in the end.
    for until in (3, 4):
      some = {n: lines[n] for n in range(until)}
      left = chosen_runs.needed(cell, some) | set(range(until, 6))
      assert {n for own in ours.values() for n in own} <= left


def line(seed, hp, number, draw, scheme):
  """The record of a run, which failed once in five times."""
  kind = 'test' if draw.random() > 0.2 else 'failed'
  values = draw.random(2)
  if scheme != 'single':  # one score for all tasks
    values[1] = values[0]
  scores = dict(zip(('sum', 'first'), values, strict=True))
  known = {'score': sum(scores.values()) / 2, 'scores': scores}
  named = {'kind': kind, 'run': number, 'seed': seed, 'hp': hp}
  return named | (known if kind == 'test' else {})


def as_run(line):
  """The same as the report reads it."""
  metrics = {'sum': {}, 'first': {}} if line['kind'] == 'test' else None
  steps = dict.fromkeys(('sum', 'first'), 1)
  known = (metrics, metrics, steps)
  return Run(
    line['seed'],
    line['hp'],
    (),
    line.get('score'),
    *known,
    scores=line.get('scores', {}),
  )


def test_a_cell_that_is_stopped_and_resumed_keeps_the_same(tmp_path):
  """Runs of the first chunk wait in files for those of the second."""
  changes = {'hp': {'lr': (1e-2, 1e-3)}, 'parallel': '2'}
  cell = make(**changes)
  whole, parts = tmp_path / 'whole', tmp_path / 'parts'
  train(cell, whole)
  with pytest.raises(signals.Stopped):
    train(cell, parts, stop_after=4)
  assert (parts / kept.WAITING).is_dir()
  train(cell, parts)
  assert not (parts / kept.WAITING).exists()
  one, other = map(model_files.read_predictions, (whole, parts))
  for name in one:
    np.testing.assert_array_equal(one[name], other[name])


def test_a_chunk_that_is_trained_again_is_kept(tmp_path):
  """A job may be killed after a chunk whose end has no checkpoint yet."""
  cell = make(hp={'lr': (1e-2, 1e-3, 1e-4)}, parallel='1', seeds=1)
  folder, saved = tmp_path / 'cell', tmp_path / 'saved'
  with pytest.raises(signals.Stopped):
    train(cell, folder, stop_after=4)  # in the second chunk
  shutil.copytree(folder / 'checkpoints', saved)
  with pytest.raises(signals.Stopped):
    train(cell, folder, stop_after=3)
  assert digests.read(folder / kept.WAITING / kept.UNTIL, '') == {'until': 2}
  shutil.rmtree(folder / 'checkpoints')
  shutil.copytree(saved, folder / 'checkpoints')
  train(cell, folder)
  assert (folder / model_files.MODEL).exists()


def test_a_finished_cell_is_trained_again_only_for_a_model(tmp_path):
  plain = make(keep='nothing')
  (folder,) = run.train([plain], tmp_path)
  for keep in ('auto', 'predictions', 'nothing'):
    again = make(keep=keep)
    assert again.hash == plain.hash
    assert run.finished(again, folder)
  assert not any(folder.glob('*.npz'))
  before = [line for line in records.read(folder) if line['kind'] == 'test']
  best = make(keep='best')
  assert not run.finished(best, folder)
  with pytest.raises(signals.Stopped):
    train(best, folder, stop_after=1)
  # Others find it finished meanwhile.
  assert run.finished(plain, folder)
  run.train([best], tmp_path)
  assert run.finished(best, folder)
  assert not (folder / 'again').exists()
  after = [line for line in records.read(folder) if line['kind'] == 'test']
  assert before == after


def test_large_predictions_are_made_again(tmp_path, monkeypatch):
  """Of large ones the metrics read a summary, and the heads' outputs are gone.

  Predictions are then as many numbers as rows and classes, as without it.
  """
  found = []
  for most in (scores.MOST, 1):
    monkeypatch.setattr(scores, 'MOST', most)
    c = config(seeds=1, resplit=False)
    cell = cells.make(c, build.data(c, classes))
    (folder,) = run.train([cell], tmp_path / str(most))
    found.append(model_files.read_predictions(folder))
  for name in found[0]:
    np.testing.assert_allclose(found[0][name], found[1][name], atol=1e-5)
  assert found[1]['0/first'].shape == (18, 2)


def classes(split_seed):
  data = toy.load(split_seed)
  tasks = data.tasks[0], Task('first', 'multiclass', 2)
  return data._replace(tasks=tasks)
