"""Early stopping of the runs of a cell: what is recorded, and what it costs."""

import contextlib
import signal
import types

import numpy as np
import pytest

from mtl_jax import cells, records, run, train
from mtl_jax.processes import signals
from mtl_jax.run import clock, outcomes
from mtl_jax.run.progress import RecordedProgress
from tests import small
from tests.run import test_table

quick = small.quick

# A rate at which runs are best at steps of their own, and a last period that is
# shorter than the others.
CHANGES = {
  'steps': 38,
  'evals': 10,
  'seeds': 4,
  'hp': {'lr': (0.3,)},
}


def make(**changes):
  return test_table.make(**(CHANGES | {'patience': 2} | changes))


def by_run(folder):
  """Evaluations by run and step, and the test records."""
  evals = {}
  for line in test_table.lines(folder, 'eval'):
    evals.setdefault(line['run'], {})[line['step']] = line
  return evals, test_table.lines(folder, 'test')


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
  """The same cell without patience."""
  folder = tmp_path_factory.mktemp('whole') / 'cell'
  test_table.train(make(patience=0), folder)
  return by_run(folder)


@pytest.fixture(scope='module')
def stopped(tmp_path_factory):
  folder = tmp_path_factory.mktemp('stopped') / 'cell'
  test_table.train(make(), folder)
  return folder


def expected(curve, scales, patience=2):
  """Step of the best evaluation, and the step of the stop if there is one."""
  best, since = (float('inf'), 0), 0
  steps = sorted(curve)
  for step in steps:
    valid = curve[step]['valid']
    score = sum(valid[t]['loss'] / s for t, s in scales.items())
    best, since = ((score, step), 0) if score < best[0] else (best, since + 1)
    if since == patience:
      return best[1], step if step < steps[-1] else None
  return best[1], None


def test_each_run_stops_by_itself_and_keeps_what_was_best(whole, stopped):
  cell = make()
  evals, tests = by_run(stopped)
  names = [task.name for task in cell.system.tasks]
  found = set()
  for test in tests:
    run = test['run']
    scales = dict(zip(names, cell.scales[run], strict=True))
    best, stop = expected(whole[0][run], scales)
    assert set(test['best_step'].values()) == {best}
    assert test.get('stopped_step') == stop
    # What is recorded of it ends there, and is what it was without patience.
    end = stop or 38
    assert evals[run] == {k: v for k, v in whole[0][run].items() if k <= end}
    found.add(stop)
  assert len(found) > 1  # otherwise this would prove little


class Counting(RecordedProgress):
  """Counts the steps that are shown as done."""

  done = 0

  def skip(self, steps):
    self.done += steps

  def advance(self, steps, losses):
    self.done += steps


def resumed(cell, folder, every):
  """Trains a cell in processes that stop after so many evaluations."""
  while not records.finished(folder):
    calls, live = [], Counting()

    def asked(calls=calls):
      calls.append(0)
      return signal.SIGTERM if len(calls) == every else 0

    with contextlib.suppress(signals.Stopped):
      run.train_cell(cell, folder, live, asked, test_table.COMPILED)
  return live


def test_a_chunk_ends_where_all_its_runs_have_stopped(stopped, tmp_path):
  """Resumed several times, and with other runs beside, at the same steps."""
  evals, tests = by_run(stopped)
  assert max(t.get('stopped_step', 38) for t in tests) < 38
  cell = make(parallel='2')
  live = resumed(cell, tmp_path / 'cell', every=4)
  # All is shown as done at the end, what was not needed too.
  assert live.done == cell.steps
  again, ends = by_run(tmp_path / 'cell')
  assert {r: [*own] for r, own in again.items()} == {
    r: [*own] for r, own in evals.items()
  }
  for one, other in zip(ends, tests, strict=True):
    assert one.get('stopped_step') == other.get('stopped_step')
    assert one['best_step'] == other['best_step']


def test_a_resumed_cell_is_the_same_to_the_bit(stopped, tmp_path):
  resumed(make(), tmp_path / 'cell', every=3)
  assert by_run(tmp_path / 'cell') == by_run(stopped)
  (cost,) = test_table.lines(tmp_path / 'cell', 'cost')
  assert cost['steps_per_second'] > 0


def test_the_cost_counts_the_steps_that_were_taken(monkeypatch, tmp_path):
  """Each of the nine periods takes a second of four runs' four steps."""
  monkeypatch.setattr(clock.Clock, 'add_period', slow(clock.Clock.add_period))
  test_table.train(make(), tmp_path / 'cell')
  (cost,) = test_table.lines(tmp_path / 'cell', 'cost')
  assert cost['steps_per_second'] == pytest.approx(16)


def slow(add_period):
  return lambda self, _, steps: add_period(self, 1.0, steps)


def test_patience_of_none_leaves_the_digest_as_it_was():
  assert make(patience=0).hash == test_table.make(**CHANGES).hash
  assert make().hash != make(patience=3).hash != make(patience=0).hash


def test_a_failure_after_the_stop_is_none():
  """The run goes on beside others, but no longer counts."""
  cell = make()
  chunk = cells.Chunk(0, cell.runs[:2], 2)
  best = train.Best(
    np.ones((2, 1), np.float32), np.full((2, 1), 8), params=None, extra={}
  )
  state = types.SimpleNamespace(best=best, failed=np.array([20, 10]))
  one, other = outcomes.outcomes(cell, chunk, state, {}, {})
  assert (one['kind'], one['stopped_step']) == ('test', 16)
  assert (other['kind'], other['step']) == ('failed', 10)
