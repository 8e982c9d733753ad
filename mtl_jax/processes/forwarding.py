"""A child process that is told to stop when this one is, and may save first."""

import contextlib
import signal
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

from mtl_jax.processes import signals


@contextlib.contextmanager
def forwarding(child: subprocess.Popen) -> Iterator[list[int]]:
  """Inside the block SIGINT and SIGTERM go to a child, and do not stop this.

  Args:
    child: in a session of its own, or it would receive Ctrl-C twice.

  Yields:
    Numbers of the signals that have come.
  """
  asked = []

  def forward(signum, _):
    asked.append(signum)
    child.send_signal(signum)

  both = signal.SIGINT, signal.SIGTERM
  before = [signal.signal(signum, forward) for signum in both]
  try:
    yield asked
  finally:
    for signum, handler in zip(both, before, strict=True):
      signal.signal(signum, handler)


def run(command: Sequence[str], **named: Any) -> int:
  """Runs a command, which a signal to this process stops.

  Args:
    command: its words.
    **named: further arguments of `subprocess.Popen`.

  Returns:
    Its exit code.

  Raises:
    KeyboardInterrupt: SIGINT or SIGTERM came, and the command has ended.
  """
  child = subprocess.Popen(command, start_new_session=True, **named)
  with forwarding(child) as asked:
    code = child.wait()
  if asked:
    end = signals.Terminated if signal.SIGTERM in asked else KeyboardInterrupt
    raise end
  return code
