"""A child process that is told to stop when this one is, and may save first."""

import contextlib
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mtl_jax.processes import signals

SIGNALS = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


@contextlib.contextmanager
def forwarding(
  start: Callable[[], subprocess.Popen],
) -> Iterator[tuple[subprocess.Popen, list[int]]]:
  """Inside the block `SIGNALS` go to a child, and do not stop this process.

  Args:
    start: starts the child, in a session of its own, or it would receive Ctrl-C
      twice. It is killed if the block raises.

  Yields:
    The child, and the numbers of the signals that have come.
  """
  asked: list[int] = []
  child = None

  def forward(signum, _):
    asked.append(signum)
    if child is not None:
      child.send_signal(signum)

  before = [signal.signal(signum, forward) for signum in SIGNALS]
  try:
    child = start()
    if asked:  # It was not there yet.
      child.send_signal(asked[0])
    yield child, asked
  except BaseException:
    if child is not None:
      child.kill()
    raise
  finally:
    for signum, handler in zip(SIGNALS, before, strict=True):
      # One that C code has installed is None here; nobody can restore it.
      signal.signal(signum, signal.SIG_DFL if handler is None else handler)


def run(command: Sequence[str], **named: Any) -> int:
  """Runs a command, which a signal to this process stops.

  Args:
    command: its words.
    **named: further arguments of `subprocess.Popen`.

  Returns:
    Its exit code.

  Raises:
    KeyboardInterrupt: a signal came, and the command has ended.
  """

  def start():
    return subprocess.Popen(command, start_new_session=True, **named)

  with forwarding(start) as (child, asked):
    code = child.wait()
  if asked:
    interrupted = asked[0] == signal.SIGINT
    raise KeyboardInterrupt if interrupted else signals.Terminated
  return code
