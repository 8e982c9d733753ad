"""A process and its parent end together, with a message."""

import fcntl
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from mtl_jax.processes import supervisor

ROOT = pathlib.Path(__file__).parents[2]
SCRIPT = """
import os, signal, sys, time
from mtl_jax.processes import supervisor

def main():
  supervisor.watch()
  {joins}
  print(os.getpid(), flush=True)
  {does}

if supervisor.inside():
  supervisor.end(main)
sys.exit(supervisor.supervise())
"""


def start(does, joins='supervisor.joined()'):
  return subprocess.Popen(
    [sys.executable, '-c', SCRIPT.format(does=does, joins=joins)],
    cwd=ROOT,
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    text=True,
  )


@pytest.mark.parametrize(
  ('does', 'code', 'last'),
  [
    ('return 0', 0, None),
    ('return 2', 2, None),
    ('sys.exit(3)', 3, None),
    ('os.abort()', supervisor.DIED, 'from the last checkpoint'),
    ('1 / 0', supervisor.DIED, 'from the last checkpoint'),
  ],
)
def test_the_exit_code_is_that_of_the_child(does, code, last):
  process = start(does)
  _, errors = process.communicate(timeout=60)
  assert process.returncode == code
  assert errors == '' if last is None else last in errors.splitlines()[-1]


def test_processes_that_never_connect_have_another_message():
  process = start('os.abort()', joins='pass')
  _, errors = process.communicate(timeout=60)
  assert process.returncode == supervisor.DIED
  assert 'did not connect within' in errors.splitlines()[-1]


def test_a_signal_before_anything_is_saved_ends_both():
  process = start('time.sleep(60)')
  process.stdout.readline()
  process.send_signal(signal.SIGTERM)
  process.communicate(timeout=60)
  assert process.returncode == 128 + signal.SIGTERM


@pytest.mark.parametrize('how', [signal.SIGKILL, signal.SIGSTOP])
def test_a_child_ends_when_its_parent_dies_or_hangs(how, tmp_path):
  """The child alone holds a lock, which the kernel releases at its end."""
  path = tmp_path / 'lock'
  claim = f"file = open('{path}', 'w'); fcntl.flock(file, fcntl.LOCK_EX)"
  process = start('time.sleep(60)', joins=f'import fcntl; {claim}')
  process.stdout.readline()
  process.send_signal(how)
  with open(path) as file:
    until = time.monotonic() + 30
    while not taken(file):
      assert time.monotonic() < until
      time.sleep(0.1)
  process.kill()
  process.communicate(timeout=60)


def taken(file):
  try:
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
  except BlockingIOError:
    return False
  return True
