"""Workers that train at once are counted as the copies that they are."""

import json
import subprocess
import sys

import pytest

from benchmarks.speed import sides
from mtl_jax.errors import InputError


class Fake:
  """A worker that trains in tens of steps."""

  def __init__(self):
    self.asked = None

  def ask(self, steps):
    self.asked = steps

  def answer(self):
    if self.asked is None:
      return {'copies': 4}
    return {'steps': 10 * max(1, self.asked // 10), 'seconds': 0.0}


def test_two_workers_of_four_copies_are_eight():
  side = sides.Side([Fake(), Fake()])
  assert side.copies == 8
  side.steps = 25
  assert side.train() > 0


def test_a_worker_answers_with_the_steps_that_it_did():
  code = (
    'from benchmarks.speed import worker\n'
    'def start():\n'
    '  print("chatter")\n'
    '  return (lambda n: 2 * n), {"copies": 1}\n'
    'worker.serve(start)'
  )
  done = subprocess.run(
    [sys.executable, '-c', code],
    input='3\n5\n',
    cwd=sides.ROOT,
    capture_output=True,
    text=True,
    check=True,
  )
  lines = [json.loads(line) for line in done.stdout.splitlines()]
  assert lines[0] == {'copies': 1}
  assert [line['steps'] for line in lines[1:]] == [6, 10]


def test_missing_peers_are_an_error_with_a_remedy(monkeypatch, tmp_path):
  monkeypatch.setattr(sides, 'PEERS', tmp_path / 'python')
  with pytest.raises(InputError, match='make bench'):
    sides.need_peers()
