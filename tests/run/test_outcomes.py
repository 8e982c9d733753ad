"""Records of hand-made numbers: readings, and experts that are not used."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from configs import default
from mtl_jax import cells, records, train
from mtl_jax.cells import build
from mtl_jax.run import messages, outcomes
from mtl_jax.run.notices import Notices
from mtl_jax.run.progress import RecordedProgress
from tests import small

quick = small.quick

SETTING = {'lr': 0.1}


@pytest.fixture(scope='module')
def cell():
  c = default.get_config()
  c.dataset = 'tests.toy'
  c.scheme = 'mmoe'
  c.resplit = False
  return cells.make(c, build.data(c))


@pytest.fixture(scope='module')
def chunk():
  """Runs 4 and 5 of the cell, and a third place that repeats the last."""
  return cells.Chunk(4, [(7, SETTING), (3, SETTING)], 3)


def evaluations(cell, chunk, readings):
  """The records of a period with these readings `[R, ...]`."""
  losses = np.arange(6.0).reshape(3, 2)
  metrics = train.Metrics(losses, np.ones((3, 2)), readings)
  valid = {'sum': {'loss': np.array([0.5, 0.25, 0.25])}}
  return outcomes.evaluations(cell, chunk, 50, metrics, valid)


def test_an_evaluation_is_a_record_per_run(cell, chunk):
  first, second = evaluations(cell, chunk, {})
  assert first == {
    'kind': 'eval',
    'run': 4,
    'seed': 7,
    'hp': SETTING,
    'step': 50,
    'train_loss': {'sum': 0.0, 'first': 1.0},
    'weights': {'sum': 1.0, 'first': 1.0},
    'valid': {'sum': {'loss': 0.5}},
  }
  assert (second['run'], second['seed']) == (5, 3)
  assert second['train_loss'] == {'sum': 2.0, 'first': 3.0}
  assert second['valid'] == {'sum': {'loss': 0.25}}


def test_each_run_gets_its_own_readings_in_four_digits(cell, chunk, tmp_path):
  gates = np.array([[0.123456, 0.876544], [1.2e-7, 12345.678], [9, 9]])
  depth = np.array([1 / 3, np.nan, 9], np.float32)
  readings = {'gate (task)': gates.astype(np.float32), 'depth': depth}
  records.append(tmp_path, *evaluations(cell, chunk, readings))
  assert [line['readings'] for line in records.read(tmp_path)] == [
    {'gate (task)': [0.1235, 0.8765], 'depth': 0.3333},
    # A small share does not read as none, nor what is not finite as a number.
    {'gate (task)': [1.2e-7, 12350.0], 'depth': None},
  ]


def test_a_scheme_that_tells_nothing_leaves_no_readings(cell, chunk):
  assert not any('readings' in line for line in evaluations(cell, chunk, {}))


def used(*rows):
  return {'use (expert)': np.array(rows)}


def test_an_expert_under_a_hundredth_of_the_use_has_collapsed(cell, chunk):
  padding = [0.0, 1.0, 0.0]
  found = messages.collapses(
    cell, chunk, (50, 100), used([0.02, 0.975, 0.005], [0.3, 0.4, 0.3], padding)
  )
  assert found == {
    'expert 2': 'mmoe, equal: expert 2 had under 1% of the use in steps 50 '
    'to 100 of seed 7'
  }


def test_the_first_run_stands_for_all(cell, chunk):
  found = messages.collapses(
    cell, chunk, (0, 5), used([0.5, 0.5, 0.0], [0.0, 1.0, 0.0], [1, 0, 0])
  )
  assert {k: text[-6:] for k, text in found.items()} == {
    'expert 0': 'seed 3', 'expert 2': 'seed 7'
  }  # fmt: skip


@pytest.mark.parametrize(
  'readings',
  [
    {},
    {'use (task)': np.zeros((3, 2))},
    used([1.0], [0.0], [0.0]),  # nothing to choose among
    used([0.01, 0.99], [np.nan, np.nan], [0, 1]),
  ],
)
def test_nothing_else_is_a_collapse(cell, chunk, readings):
  assert messages.collapses(cell, chunk, (0, 5), readings) == {}


def test_a_collapse_is_said_once_by_whoever_trains_the_cell(
  cell, chunk, tmp_path
):
  live, dead = (
    RecordedProgress(),
    used([0.0, 0.6, 0.4], [0.5, 0.5, 0.0], [0, 0, 1]),
  )
  period = cell.sizes.steps
  records.append(tmp_path, {'kind': 'note', 'text': 'another note'})
  one = Notices(cell, tmp_path, live)
  one.collapses(
    chunk, (0, period), used([0.0, 0.6, 0.4], [0.2, 0.4, 0.4], [0, 0, 1])
  )
  one.collapses(chunk, (period, 2 * period), dead)
  one.collapses(chunk, (2 * period, 3 * period), dead)
  resumed = Notices(cell, tmp_path, live)
  resumed.collapses(chunk, (2 * period, 3 * period), dead)
  resumed.collapses(
    chunk,
    (3 * period, 4 * period),
    used([0.5, 0.0, 0.5], [1, 1, 1], [1, 1, 1]),
  )
  ends = [
    f'expert {expert} had under 1% of the use in steps {step - period} to '
    f'{step} of seed {seed}'
    for expert, step, seed in (
      (0, period, 7), (2, 2 * period, 3), (1, 4 * period, 7)
    )
  ]  # fmt: skip
  assert live.lines == [f'mmoe, equal: {end}' for end in ends]
  _, *notes = (line['text'] for line in records.read(tmp_path))
  assert notes == live.lines


def test_every_level_of_experts_is_watched(cell, chunk):
  low, high = (f'use of level {i} (expert)' for i in (0, 1))
  readings = {low: used([0.0, 1.0], [0.5, 0.5], [1, 0])['use (expert)']}
  readings[high] = readings[low][:, ::-1]
  found = messages.collapses(cell, chunk, (0, 5), readings)
  assert set(found) == {'expert 0 of level 0', 'expert 1 of level 1'}


@pytest.mark.parametrize('name', ['mmoe', 'omoe', 'cgc', 'ple', 'dselect_k'])
def test_what_a_scheme_of_experts_tells_is_what_is_watched(name, cell, chunk):
  """Under the names that are looked for: no use at all is noticed."""
  system, split, hp = small.system(name), small.split(), small.hp()
  state = jax.eval_shape(
    lambda seed: train.init(system, hp, seed, split.inputs), jnp.array(0)
  )
  key = jax.random.key(0)
  _, metrics = jax.eval_shape(
    lambda state: train.step(system, hp, state, split, key), state
  )
  unused = {k: np.zeros((3, *x.shape)) for k, x in metrics.readings.items()}
  assert messages.collapses(cell, chunk, (0, 5), unused)
