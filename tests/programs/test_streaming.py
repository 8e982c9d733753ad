"""Training on blocks of batches that are read from the host."""

import argparse
import os
import threading
import types

import jax
import numpy as np
import pytest

from benchmarks.growth import waiting
from configs import default
from mtl_jax import cells
from mtl_jax.cells import build, streamed
from mtl_jax.data import base, views
from mtl_jax.errors import InputError
from mtl_jax.plugins import checks
from mtl_jax.programs import compiled, streaming
from tests import small

quick = small.quick


def configured(stream, **fields):
  config = default.get_config()
  config.dataset, config.resplit = 'tests.toy', False
  config.datasets.toy = {'unlabelled': 9}
  config.encoders.mlp.widths = (4,)
  config.encoders.mlp.dropout = 0.5
  config.seeds, config.steps, config.evals, config.batch_size = 2, 13, 2, 8
  config.update({'stream': stream, **fields})
  return config


def made(stream):
  config = configured(stream)
  cell = cells.make(config, build.data(config))
  return cell, *compiled.prepare(cell)


@pytest.fixture(scope='module')
def both():
  """Resident and streamed: periods of 7 and 6 steps, blocks of 3 and 1."""
  before, streamed.BLOCK = streamed.BLOCK, 3 * 8 * 22
  yield made(False), made(True)
  streamed.BLOCK = before


def trained(cell, programs, inputs, state=None, start=0):
  """The state after all periods, and what each of them gave."""
  state = programs.start(inputs) if state is None else state
  found = []
  for last in (False, True)[start:]:
    state, *results = programs.period(inputs, state, last=last)
    found.append(results)
  return jax.device_get(state), found


def test_streamed_equals_resident_to_the_bit(both):
  resident, blocks = both
  assert blocks[0].blocks(7) == (3, 3, 1)
  assert blocks[0].blocks(6) == (3, 3)
  assert blocks[2].train is None
  small.same(trained(*blocks), trained(*resident))
  assert blocks[0].hash == resident[0].hash


def test_a_resumed_run_equals_an_uninterrupted_one(both):
  cell, programs, inputs = both[1]
  state, _, _ = programs.period(inputs, programs.start(inputs))
  saved = jax.device_get(programs.unpadded(state))
  whole = trained(cell, programs, inputs)[0]
  again, _ = trained(cell, programs, inputs, programs.place(saved), start=1)
  small.same(again, whole)


def test_the_next_block_is_read_while_steps_run(both):
  cell, programs, inputs = both[1]
  blocks = streaming.Blocks(cell, programs.programs.mesh)
  read, begun = blocks.read, []

  def counted(drawn, start, length):
    begun.append((start, threading.current_thread().name[:6]))
    return read(drawn, start, length)

  blocks.read = counted
  draw = lambda: programs._draws[7](  # noqa: E731
    inputs.seeds, programs.start(inputs).step, inputs.drawn_from
  )
  before = []
  for _ in blocks.of_period('one', draw, 7):
    blocks._pool.submit(int).result()  # what was submitted before is read
    before.append(len(begun))
  # While the caller has the first block, the second has been read.
  assert before == [2, 3, 3]
  assert begun == [(0, 'blocks'), (3, 'blocks'), (6, 'blocks')]
  # And the first of the next period, while this one is evaluated.
  blocks.begin('two', draw(), 7)
  blocks._pool.submit(int).result()
  assert begun[3:] == [(0, 'blocks')]
  next(blocks.of_period('two', draw, 7))


def test_rows_are_gathered_from_a_mapped_table(tmp_path):
  values = np.random.default_rng(0).normal(size=(20, 2, 3))
  np.save(tmp_path / 'x.npy', values)
  mapped = np.load(tmp_path / 'x.npy', mmap_mode='r')
  table = views.Table(base.Split(mapped, (values,), values[:, 0] > 0))
  view = views.View(table, np.arange(19, 4, -1))
  numbers = np.array([[3, 0, 3], [14, 1, 2]])
  found = streaming.gathered(view, numbers)
  np.testing.assert_array_equal(found.inputs, values[19 - numbers])
  np.testing.assert_array_equal(found.mask, values[19 - numbers][..., 0, :] > 0)


@pytest.mark.parametrize('most', [1, 3, 4, 7, 100])
def test_blocks_make_up_a_period(most, monkeypatch):
  monkeypatch.setattr(streamed, 'BLOCK', most * 10)
  for steps in range(1, 30):
    found = streamed.lengths(steps, 10)
    assert sum(found) == steps
    assert max(found) <= most
    assert len({*found}) <= 2


def test_what_cannot_be_streamed_is_one_line():
  config = configured(True, resplit=True)
  with pytest.raises(InputError, match=r'config\.resplit draws 2'):
    cells.make(config, build.data(config))
  config = configured(True)
  with pytest.raises(InputError, match='different ones'):
    cells.make(config, build.data(config), groups=((0,), (0,)))
  config.probe.batches = 2
  with pytest.raises(InputError, match=r'config\.probe\.batches=0'):
    checks.check(config)


def test_what_a_step_waits_can_be_measured(both):
  ways = [waiting.Way(*own[1:]) for own in both]
  blocks = ways[1].programs._streaming._blocks
  usual = blocks.of_period
  asked = argparse.Namespace(periods=1, steps=7)
  found = waiting.compared(ways, min(os.sched_getaffinity(0)), asked)
  blocks.of_period = usual
  assert set(found) == {'resident_ms', 'streamed_ms', 'ratio', 'waited_ms'}


def test_only_the_time_until_a_block_is_there_is_waited(monkeypatch):
  clock = types.SimpleNamespace(monotonic=iter((0, 1, 5, 7, 9, 9)).__next__)
  monkeypatch.setattr(waiting, 'time', clock)
  waits = waiting.Waits()
  assert list(waits.around(iter)('ab')) == ['a', 'b']
  assert waits.seconds == 1 + 2 + 0
