"""The first signal is postponed, the second is not."""

import ctypes
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from experiments import cli
from mtl_jax.processes import signals


@pytest.mark.parametrize('signum', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_returned_when_asked_for(signum, capfd):
  with signals.postponed() as asked:
    assert asked() == 0
    os.kill(os.getpid(), signum)
    assert asked() == signum
  assert 'stopping' in capfd.readouterr().err


def test_outside_training_sigterm_interrupts_as_ctrl_c_does():
  before = signal.getsignal(signal.SIGTERM)
  with signals.terminating():
    with pytest.raises(signals.Terminated) as caught:
      os.kill(os.getpid(), signal.SIGTERM)
    assert signals.number(caught.value) == signal.SIGTERM
  assert signal.getsignal(signal.SIGTERM) is before
  assert signals.number(KeyboardInterrupt()) == signal.SIGINT


def test_a_second_signal_stops_at_once_and_handlers_are_restored():
  before = signal.getsignal(signal.SIGTERM)
  with signals.postponed():
    os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
      os.kill(os.getpid(), signal.SIGTERM)
  assert signal.getsignal(signal.SIGTERM) is before


def test_a_handler_that_is_replaced_and_exits_is_told_as_a_signal():
  with pytest.raises(signals.Terminated), signals.unchanged():
    sys.exit(1)


@pytest.mark.skipif(sys.platform != 'linux', reason='reads /proc')
def test_a_handler_that_c_code_resets_is_set_again():
  after = []

  def resetting():
    ctypes.CDLL(None).signal(int(signal.SIGTERM), None)  # SIG_DFL
    # The main thread looks every hundredth of a second.
    last = time.monotonic() + 30
    while not handled() and time.monotonic() < last:
      time.sleep(0.01)
    after.append(handled())
    ctypes.CDLL(None).signal(int(signal.SIGTERM), None)

  with signals.terminating():
    signals.kept_during(resetting)
    after.append(handled())
  assert after == [True, True]
  with pytest.raises(ZeroDivisionError):
    signals.kept_during(lambda: 1 / 0)


def handled() -> bool:
  """Whether the system knows of a handler of SIGTERM."""
  lines = pathlib.Path('/proc/self/status').read_text().splitlines()
  caught = next(line for line in lines if line.startswith('SigCgt'))
  return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)


def test_a_thread_that_waits_does_not_keep_a_command_that_failed():
  """Without the call it would end in an hour."""
  code = (
    'import threading, time\n'
    'from mtl_jax.processes import signals\n'
    'threading.Thread(target=time.sleep, args=(3600,)).start()\n'
    'print("said", end="")\n'
    'signals.leave_now(1)\n'
  )
  done = subprocess.run(
    [sys.executable, '-c', code], capture_output=True, text=True, timeout=120
  )
  assert (done.returncode, done.stdout) == (1, 'said')


@pytest.mark.parametrize('code', [0, cli.FAILED_WRITE])
def test_only_a_command_whose_write_failed_leaves_at_once(monkeypatch, code):
  left = []
  monkeypatch.setattr(cli, '_code', lambda *_: code)
  monkeypatch.setattr(signals, 'leave_daemons', lambda _: None)
  monkeypatch.setattr(signals, 'leave_with', lambda _: None)
  monkeypatch.setattr(signals, 'leave_now', left.append)
  with pytest.raises(SystemExit):
    cli.run(lambda: None)
  assert left == [code] * (code == cli.FAILED_WRITE)
