"""A child that saves before it stops, because its parent was told to."""

import os
import signal
import subprocess
import sys

import pytest

from mtl_jax.processes import forwarding

SAVES = """
import pathlib, signal, sys
def save(signum, _):
  pathlib.Path(sys.argv[1]).write_text(signal.Signals(signum).name)
  raise SystemExit(3)
for one in (signal.SIGINT, signal.SIGTERM):
  signal.signal(one, save)
print('ready', flush=True)
signal.pause()
"""
PARENT = """
import signal, sys
from mtl_jax.processes import forwarding
command = [sys.executable, '-c', *sys.argv[1:]]
try:
  forwarding.run(command)
except KeyboardInterrupt as error:
  print(type(error).__name__, signal.getsignal(signal.SIGTERM).name)
"""


@pytest.mark.parametrize(
  ('signum', 'name'),
  [(signal.SIGINT, 'KeyboardInterrupt'), (signal.SIGTERM, 'Terminated')],
)
def test_the_child_saves_and_the_parent_waits_for_it(tmp_path, signum, name):
  saved = tmp_path / 'saved'
  parent = subprocess.Popen(
    [sys.executable, '-c', PARENT, SAVES, str(saved)],
    stdout=subprocess.PIPE,
    text=True,
  )
  assert parent.stdout.readline() == 'ready\n'
  os.kill(parent.pid, signum)
  # The child's file is there when the parent goes on, with its old handlers.
  assert parent.communicate()[0] == f'{name} SIG_DFL\n'
  assert saved.read_text() == signum.name


def test_a_signal_before_the_child_is_there_reaches_it(tmp_path):
  saved = tmp_path / 'saved'

  def start():
    command = [sys.executable, '-c', SAVES, str(saved)]
    child = subprocess.Popen(
      command, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert child.stdout.readline() == 'ready\n'
    os.kill(os.getpid(), signal.SIGTERM)
    return child

  with forwarding.forwarding(start) as (child, asked):
    assert child.wait() == 3
  assert asked == [signal.SIGTERM]
  assert saved.read_text() == 'SIGTERM'


def test_a_child_does_not_outlive_a_fault():
  def start():
    command = [sys.executable, '-c', SAVES, os.devnull]
    return subprocess.Popen(command, start_new_session=True)

  with (
    pytest.raises(ZeroDivisionError),
    forwarding.forwarding(start) as (child, _),
  ):
    raise ZeroDivisionError
  assert child.wait() == -signal.SIGKILL


def test_the_exit_code_is_that_of_the_command():
  assert forwarding.run([sys.executable, '-c', 'raise SystemExit(7)']) == 7
