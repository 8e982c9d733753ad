"""Logs of learning curves: TensorBoard's, and one of the user's own."""

import struct

import pytest

from mtl_jax.errors import InputError
from mtl_jax.processes import signals
from mtl_jax.records import logs
from mtl_jax.run.progress import RecordedProgress
from mtl_jax.run.tracking import Tracking
from tests import small
from tests.run import test_table

quick = small.quick

MINE = """
class Mine:
  def start(self, config, folder): print('start', config['steps'])
  def log(self, step, values): print(step, values['run_0/valid/sum/rmse'])
  def close(self): print('close')

make = Mine
"""


def events(folder):
  """The scalars of all event files by (name, step); none of them twice."""
  proto = pytest.importorskip('tensorboardX.proto.event_pb2')
  found = {}
  for path in sorted((folder / 'tensorboard').iterdir()):
    left = path.read_bytes()
    while left:
      (size,) = struct.unpack('<Q', left[:8])
      event = proto.Event.FromString(left[12 : 12 + size])
      left = left[size + 16 :]  # behind the length and two checksums
      for value in event.summary.value:
        assert (value.tag, event.step) not in found
        found[value.tag, event.step] = value.simple_value
  return found


def test_tensorboard_has_each_evaluation_once_and_means(tmp_path):
  """Of runs that are trained in turns, in processes that were stopped."""
  pytest.importorskip('tensorboardX')
  cell, folder = (
    test_table.make(log='tensorboard', parallel='2'),
    tmp_path / 'c',
  )
  assert cell.hash == test_table.make().hash
  for stop_after in (2, 3):
    with pytest.raises(signals.Stopped):
      test_table.train(cell, folder, stop_after)
  test_table.train(cell, folder)
  found, lines = events(folder), test_table.lines(folder, 'eval')
  assert len(lines) == 3 * 4
  for part, path in (
    ('train_loss/sum', ('train_loss', 'sum')),
    ('valid/sum/rmse', ('valid', 'sum', 'rmse')),
    ('weights/first', ('weights', 'first')),
  ):
    by_step = {}
    for line in lines:
      value = line
      for key in path:
        value = value[key]
      own = found[f'run_{line["run"]}/{part}', line['step']]
      assert own == pytest.approx(value, rel=1e-6)
      by_step.setdefault(line['step'], []).append(value)
    for step, values in by_step.items():
      assert found[part, step] == pytest.approx(sum(values) / 3, rel=1e-6)


@pytest.fixture(scope='module')
def cell():
  """A cell that is not trained."""
  return test_table.make(parallel='3')


LINES = [
  {'kind': 'eval', 'run': 0, 'step': step, 'valid': {'sum': {'rmse': 0.5}}}
  for step in (6, 12)
]


def test_a_log_of_the_users_own(cell, tmp_path, monkeypatch, capsys):
  monkeypatch.syspath_prepend(tmp_path)
  (tmp_path / 'my_lab').mkdir()
  (tmp_path / 'my_lab' / 'mine.py').write_text(MINE)
  cell.config.log = 'my_lab.mine'
  tracking = Tracking(cell, tmp_path, RecordedProgress())
  for line in (*LINES, LINES[0]):
    tracking.add([line])
  tracking.finish()
  tracking.close()
  assert capsys.readouterr().out == 'start 24\n6 0.5\n12 0.5\nclose\n'


def test_a_log_that_fails_does_not_end_the_training(
  cell, tmp_path, monkeypatch
):
  monkeypatch.syspath_prepend(tmp_path)
  (tmp_path / 'broken_lab').mkdir()
  text = MINE.replace('print(step', 'raise OSError(f"step {step}"); (0')
  (tmp_path / 'broken_lab' / 'mine.py').write_text(text)
  cell.config.log, live = 'broken_lab.mine', RecordedProgress()
  tracking = Tracking(cell, tmp_path, live)
  for line in LINES:
    tracking.add([line])
  tracking.close()
  (said,) = live.lines
  assert 'OSError: step 6; nothing more is logged' in said


def test_a_log_without_a_method_is_refused(tmp_path, monkeypatch):
  monkeypatch.syspath_prepend(tmp_path)
  (tmp_path / 'short_lab').mkdir()
  text = MINE.replace('def close', 'def end')
  (tmp_path / 'short_lab' / 'mine.py').write_text(text)
  with pytest.raises(InputError, match="no method 'close'"):
    logs.make('short_lab.mine')
