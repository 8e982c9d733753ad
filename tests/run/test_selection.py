"""Which parameters are kept: by loss or metric, per model or per task."""

import signal

import numpy as np
import pytest

from configs import default
from mtl_jax import cells, records, run
from mtl_jax.cells import build
from mtl_jax.processes import signals
from mtl_jax.programs import compile_ahead
from mtl_jax.run.progress import Live
from mtl_jax.tasks import constants
from tests import small

quick = small.quick


def make(**changes):
  c = default.get_config()
  c.dataset = 'tests.toy'
  c.encoders.mlp.widths = (4,)
  c.steps, c.evals, c.batch_size, c.seeds = 40, 10, 8, 3
  c.hp.lr = (0.3,)  # too large for all tasks to be best at the same step
  c.update(changes)
  return cells.make(c, build.data(c))


def train(cell, folder, stop_after=0):
  """The records of a cell, by kind; it may be stopped once on the way."""
  ready = compile_ahead.Ahead([cell])
  calls = []

  def asked():
    calls.append(0)
    return signal.SIGTERM if len(calls) == stop_after else 0

  with Live(cell.steps) as live:
    run.train_cell(cell, folder, live, asked, ready)
  found = {}
  for line in records.read(folder):
    key = line.get('run'), line.get('step')
    found.setdefault(line['kind'], {})[key] = line
  return {kind: list(lines.values()) for kind, lines in found.items()}


@pytest.fixture(scope='module')
def of_model(tmp_path_factory):
  cell = make()
  return cell, train(cell, tmp_path_factory.mktemp('model') / 'cell')


@pytest.fixture(scope='module')
def of_tasks(tmp_path_factory):
  cell = make(checkpoint_per='task')
  return cell, train(cell, tmp_path_factory.mktemp('tasks') / 'cell')


def curves(cell, lines, test, headline=False):
  """Steps `[E]`, values `[E, K]` and evaluations of the run of a test.

  Values are validation losses or headline metrics.
  """
  own = [e for e in lines['eval'] if e['run'] == test['run']]
  names = [
    (task.name, next(iter(task.metrics)) if headline else 'loss')
    for task in cell.system.tasks
  ]
  values = [[e['valid'][task][name] for task, name in names] for e in own]
  return np.array([e['step'] for e in own]), np.array(values), own


def test_the_score_is_the_mean_loss_over_that_of_a_constant(of_model):
  cell, lines = of_model
  for test in lines['test']:
    steps, losses, own = curves(cell, lines, test)
    scores = np.mean(losses / cell.scales[test['seed']], axis=1)
    best = scores.argmin()
    assert set(test['best_step'].values()) == {steps[best]}
    assert test['valid'] == own[best]['valid']
    assert test['score'] == pytest.approx(scores[best], rel=1e-5)
    assert test['scores'] == dict.fromkeys(test['test'], test['score'])


def test_each_task_is_tested_at_its_own_best_step(of_tasks):
  cell, lines = of_tasks
  apart = 0
  for test in lines['test']:
    steps, losses, own = curves(cell, lines, test)
    scores = losses / cell.scales[test['seed']]
    for t, task in enumerate(cell.system.tasks):
      best = scores[:, t].argmin()
      assert test['best_step'][task.name] == steps[best]
      assert test['valid'][task.name] == own[best]['valid'][task.name]
      assert test['scores'][task.name] == pytest.approx(scores[best, t])
    assert test['score'] == pytest.approx(scores.min(0).mean())
    apart += len(set(test['best_step'].values())) > 1
  assert apart  # otherwise this would prove little


def test_the_choice_for_the_whole_model_is_that_of_a_run_without(
  of_model, of_tasks
):
  for test, whole in zip(of_tasks[1]['test'], of_model[1]['test'], strict=True):
    assert test['best_step_model'] == whole['best_step']
    assert test['valid_model'] == whole['valid']
    assert test['test_model'] == whole['test']
    for task, step in test['best_step'].items():
      if step == whole['best_step'][task]:
        assert test['test'][task] == whole['test'][task]


def test_towers_have_no_further_choice():
  cell = make(scheme='single', checkpoint_per='task')
  assert not cell.system.per_task
  assert cell.hash != make(scheme='single').hash


@pytest.fixture(scope='module')
def by_metric():
  """A model with running statistics, in chunks of two runs, one padded."""
  return make(
    scheme='nddr', select='metric', checkpoint_per='task', parallel='2'
  )


def test_by_metric_the_kept_evaluation_has_the_best_mean(by_metric, tmp_path):
  cell = by_metric
  lines = train(cell, tmp_path / 'whole')
  for test in lines['test']:
    steps, values, own = curves(cell, lines, test, headline=True)
    errors = np.stack(
      [
        constants.error(task, values[:, t], cell.scales[test['seed'], t])
        for t, task in enumerate(cell.system.tasks)
      ],
      axis=1,
    )
    for t, task in enumerate(cell.system.tasks):
      best = errors[:, t].argmin()
      assert test['best_step'][task.name] == steps[best]
      assert test['valid'][task.name] == own[best]['valid'][task.name]
    best = errors.mean(1).argmin()
    assert set(test['best_step_model'].values()) == {steps[best]}
    assert test['valid_model'] == own[best]['valid']
  # Stopped in the second chunk and resumed, it ends at the same numbers.
  with pytest.raises(signals.Stopped):
    train(cell, tmp_path / 'stopped', stop_after=14)
  again = train(cell, tmp_path / 'stopped')
  assert again['test'] == lines['test']
  assert again['eval'] == lines['eval']


def test_a_primary_task_alone_decides(of_model, tmp_path):
  cell = make(primary=('first',))
  lines = train(cell, tmp_path / 'cell')
  for test in lines['test']:
    steps, losses, _ = curves(cell, lines, test)
    assert test['best_step']['sum'] == steps[losses[:, 1].argmin()]
  # Training is the same; only what is kept differs.
  assert lines['eval'] == of_model[1]['eval']


def test_a_header_and_costs_say_what_was_done(of_tasks):
  cell, lines = of_tasks
  head, cost = lines['cell'][0], lines['cost'][0]
  assert head['checkpoint_per'] == 'task' != make().config.checkpoint_per
  assert (head['select'], head['primary']) == ('loss', [])
  assert {'select', 'checkpoint_per', 'primary'} <= set(head['comparable'])
  # 3 inputs, 4 hidden units and 2 outputs: a product is two operations.
  assert 2 * (3 * 4 + 4 * 2) <= cost['predict_flops'] <= 100
  assert cost['peak_memory'] > 0
