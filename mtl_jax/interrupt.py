"""Ctrl-C and SIGTERM wait until the state is saved."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator


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
