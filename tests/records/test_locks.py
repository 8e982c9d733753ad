"""One process holds a lock until it ends, however it ends."""

import subprocess
import sys

from mtl_jax.records import locks

HOLD = """
import pathlib, sys, time
from mtl_jax.records import locks
with locks.held(pathlib.Path(sys.argv[1])) as other:
  print(other or 'mine', flush=True)
  time.sleep(60)
"""


def hold(folder):
  """Starts a process that locks the folder; returns it and what it printed."""
  process = subprocess.Popen(
    [sys.executable, '-c', HOLD, str(folder)], stdout=subprocess.PIPE, text=True
  )
  return process, process.stdout.readline().strip()


def test_a_lock_names_its_process_until_that_is_killed(tmp_path):
  process, printed = hold(tmp_path / 'cell')
  assert printed == 'mine'
  with locks.held(tmp_path / 'cell') as other:
    assert other.startswith(f'process {process.pid} on ')
  process.kill()
  process.wait()
  with locks.held(tmp_path / 'cell') as other:
    assert other == ''


def test_a_lock_is_released_after_its_block_and_after_an_error(tmp_path):
  try:
    with locks.held(tmp_path) as other:
      assert other == ''
      with locks.held(tmp_path) as second:
        assert second.startswith('process')
      raise KeyError
  except KeyError:
    pass
  with locks.held(tmp_path) as other:
    assert other == ''


def test_awaited_takes_over_a_released_lock(tmp_path):
  process, _ = hold(tmp_path)
  with locks.held(tmp_path) as other:
    assert other
  process.kill()
  with locks.awaited(tmp_path), locks.held(tmp_path) as other:
    assert str(process.pid) not in other
  process.wait()


def test_without_file_locks_a_warning_is_printed_once(
  tmp_path, monkeypatch, capsys
):
  monkeypatch.setattr(locks, 'fcntl', None)
  locks._warn.cache_clear()
  with locks.held(tmp_path) as one, locks.held(tmp_path) as two:
    assert one == two == ''
  (line,) = capsys.readouterr().err.splitlines()
  assert 'one command at a time' in line


def test_a_lock_that_is_waited_for_is_taken_over(tmp_path):
  process, _ = hold(tmp_path)
  with open(tmp_path / 'lock') as file:
    assert not locks.lock(file)
    process.kill()
    assert locks.lock(file, wait=True)
  process.wait()
