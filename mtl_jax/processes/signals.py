"""Ctrl-C and SIGTERM wait until the state is saved."""

import atexit
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator

DAEMON = 'mtl_jax daemon'  # so begin the names of threads that are left


class Stopped(Exception):
  """Training was asked to stop and its state is saved."""

  def __init__(self, signum: int):
    super().__init__(f'stopped by {signal.Signals(signum).name}')
    self.signum = signum


@contextlib.contextmanager
def postponed() -> Iterator[Callable[[], int]]:
  """Yields a function that returns the signal asked for so far, or 0.

  A second signal stops at once, with `KeyboardInterrupt`.
  """
  asked = []

  def handle(signum, frame):
    del frame
    if asked:
      raise KeyboardInterrupt
    asked.append(signum)
    # Not `print`: the signal may have come in the middle of one.
    os.write(2, b'\nstopping after this evaluation; once more stops at once\n')

  signals = (signal.SIGINT, signal.SIGTERM)
  before = [signal.signal(s, handle) for s in signals]
  try:
    yield lambda: asked[0] if asked else 0
  finally:
    for s, handler in zip(signals, before, strict=True):
      signal.signal(s, handler)


def leave_daemons(codes: list[int]) -> None:
  """Ends this process at its end where a daemon thread still computes.

  Python takes such a thread down as soon as it asks for the interpreter, and
  the C++ that it is in may abort the process then. To be called first of all:
  what others register for the end still runs. `codes` takes the exit code.
  """

  def leave():
    if any(t.name.startswith(DAEMON) for t in threading.enumerate()):
      sys.stdout.flush()
      sys.stderr.flush()
      os._exit(codes[0] if codes else 1)

  atexit.register(leave)
