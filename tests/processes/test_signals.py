"""The first signal is postponed, the second is not."""

import os
import signal

import pytest

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
