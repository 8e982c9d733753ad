"""Starts commands in a moment: forks of a process that has imported all.

A fork is a process as any other, with its own group, and runs the module as
`python -m` does; only the seconds of imports are saved. JAX is imported before
the fork and initialised after it.

Run as a module it is that process: it reads an order per line of stdin, answers
with the id of the fork, and with its exit code as soon as it has ended.
"""

import importlib
import json
import os
import pathlib
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.faults import subject
from tests.faults.kills import aims

IMPORTED = (
  *('jax', 'flax.linen', 'optax', 'orbax.checkpoint', 'pandas', 'scipy.stats'),
  *('tensorflow_datasets', 'matplotlib.pyplot', 'sklearn.metrics'),
  *('tensorflow_datasets.core.data_sources.array_record', 'experiments.cli'),
  *('mtl_jax.api.compare', 'mtl_jax.api.experiment', 'mtl_jax.data.actg175'),
  *('mtl_jax.tasks.regression', 'mtl_jax.tasks.binary', 'mtl_jax.encoders.mlp'),
  *('mtl_jax.balancers.equal', 'mtl_jax.schemes.single'),
  *('mtl_jax.schemes.hard', 'mtl_jax.launchers.local', 'mtl_jax.run.table'),
)


class Ended(NamedTuple):
  """How a command ended.

  Attributes:
    code: its exit code; the negative number of the signal that killed it.
    errors: what it wrote on stderr.
    seconds: from its start to its end.
  """

  code: int
  errors: str
  seconds: float


class Server:
  """The process that forks; use it in a `with` block.

  Args:
    home: as in `subject.environment`.
    scratch: folder for what commands print.
  """

  def __init__(self, home: pathlib.Path, scratch: pathlib.Path):
    self._scratch = scratch
    self._process = subprocess.Popen(
      [sys.executable, '-m', 'tests.faults.kills.forked'],
      cwd=subject.ROOT,
      env=subject.environment(home),
      stdin=subprocess.PIPE,
      stdout=subprocess.PIPE,
      text=True,
      start_new_session=True,  # Ctrl-C is for the campaign.
    )

  def __enter__(self) -> 'Server':
    return self

  def __exit__(self, *_) -> None:
    self._process.stdin.close()
    self._process.wait(60)
    self._process.stdout.close()

  def run(
    self,
    flags: list[str],
    aim: aims.Aim | None = None,
    after: tuple[float, int] | None = None,
    **variables: str,
  ) -> Ended:
    """Runs the command to its end.

    Args:
      flags: of the command, see `subject.flags`.
      aim: where in its writes it signals itself.
      after: seconds after its start at which it is sent which signal.
      **variables: of its environment.
    """
    printed = self._scratch / 'stderr'
    order = {'flags': flags, 'stderr': str(printed), 'variables': variables}
    began = time.monotonic()
    self._say({**order, 'aim': aim})
    pid = int(self._process.stdout.readline())
    if after:
      signal_later(pid, *after)
    code = int(self._process.stdout.readline())
    errors = printed.read_text('utf-8', 'replace') if printed.exists() else ''
    return Ended(code, errors, time.monotonic() - began)

  def _say(self, order: Mapping[str, Any]) -> None:
    self._process.stdin.write(json.dumps(order) + '\n')
    self._process.stdin.flush()


def signal_later(pid: int, seconds: float, signum: int) -> bool:
  """Waits, then signals a process; returns whether it was still there."""
  try:
    # A number may become another process's; this stays the same one.
    process = os.pidfd_open(pid)
  except ProcessLookupError:
    return False
  try:
    time.sleep(seconds)
    signal.pidfd_send_signal(process, signum)
  except ProcessLookupError:
    return False
  finally:
    os.close(process)
  return True


def serve() -> dict[str, Any] | None:
  """Forks for each order; returns the order in the fork, None at the end."""
  for name in IMPORTED:
    importlib.import_module(name)
  # Line by line: a fork has no copy of orders that were read ahead.
  while line := sys.stdin.readline():
    pid = os.fork()
    if not pid:
      return json.loads(line)
    print(pid, flush=True)
    _, status = os.waitpid(pid, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
  return None


def begin(order: Mapping[str, Any]) -> None:
  """Becomes the command that an order names."""
  os.setsid()
  _redirect(0, os.devnull, os.O_RDONLY)
  _redirect(1, os.devnull, os.O_WRONLY)
  _redirect(2, order['stderr'], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
  os.environ.update(order['variables'])
  signal.signal(signal.SIGINT, signal.default_int_handler)
  sys.argv = [subject.MODULE, *order['flags']]
  sys.orig_argv = [sys.executable, '-m', *sys.argv]
  if order['aim']:
    aims.install(aims.Aim(*order['aim']))
  runpy.run_module(subject.MODULE, run_name='__main__', alter_sys=True)


def _redirect(number: int, path: str, flags: int) -> None:
  opened = os.open(path, flags, 0o644)
  os.dup2(opened, number)
  os.close(opened)


if __name__ == '__main__':
  if found := serve():
    begin(found)
