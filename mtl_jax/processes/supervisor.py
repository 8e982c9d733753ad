"""A parent for one process of a job: no end without a last line.

Where a peer dies or hangs, JAX aborts the process from outside Python, so that
only another process can say what happened.
"""

import os
import select
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable

_PIPES = 'MTL_JAX_PIPES'  # in the child's environment: two file descriptors
_BEAT, _PATIENCE = 0.5, 4.0  # seconds
DIED = 75  # "try again" in sysexits.h
JOIN_SECONDS = 60


def inside() -> bool:
  """Whether this process is a child of `supervise`."""
  return _PIPES in os.environ


def supervise() -> int:
  """Runs this command again as a child; returns the exit code to end with.

  SIGINT and SIGTERM go to the child, which saves its state.
  """
  beats, beat = os.pipe()
  joined, join = os.pipe()
  child = subprocess.Popen(
    [sys.executable, *sys.orig_argv[1:]],
    env=os.environ | {_PIPES: f'{beats} {join}'},
    pass_fds=(beats, join),
    start_new_session=True,  # or Ctrl-C would reach it twice
  )
  os.close(beats)
  os.close(join)
  asked = []

  def forward(signum, _):
    asked.append(signum)
    child.send_signal(signum)

  for signum in (signal.SIGINT, signal.SIGTERM):
    signal.signal(signum, forward)
  code = _wait(child, beat)
  if -code in asked:  # before there was anything to save
    return 128 - code
  if code >= 0 and code != DIED:
    return code
  print(_last_line(bool(os.read(joined, 1))), file=sys.stderr)
  return DIED


def _wait(child: subprocess.Popen, beat: int) -> int:
  os.set_blocking(beat, False)
  while True:
    try:
      return child.wait(_BEAT)
    except subprocess.TimeoutExpired:
      _tell(beat)


def _tell(pipe: int) -> None:
  try:
    os.write(pipe, b'.')
  except (BlockingIOError, BrokenPipeError):
    return


def _last_line(joined: bool) -> str:
  if joined:
    return (
      'a process of this job died; the same command goes on from the last '
      'checkpoint'
    )
  return (
    f'the processes of this job did not find each other in {JOIN_SECONDS} s; '
    'check --coordinator and start every one of --processes'
  )


def watch() -> None:
  """In the child: ends it as soon as its parent is dead or hangs."""
  beats, _ = _pipes()

  def listen():
    while select.select([beats], [], [], _PATIENCE)[0] and os.read(beats, 64):
      pass
    os._exit(DIED)

  threading.Thread(target=listen, daemon=True).start()


def joined() -> None:
  """In the child: tells the parent that all processes have met."""
  _tell(_pipes()[1])


def _pipes() -> list[int]:
  return [int(pipe) for pipe in os.environ[_PIPES].split()]


def end(main: Callable[[], int]) -> None:
  """Ends a child with `main`'s exit code, and at once where it fails.

  Python's own end would wait for the peers, who may wait for this process.
  """
  _own_stdout()
  try:
    code = main()
  except SystemExit as error:
    code = error.code if isinstance(error.code, int) else 1
  except BaseException:  # noqa: BLE001 - whatever it is, it ends here.
    traceback.print_exc()
    code = DIED
  sys.stdout.flush()
  sys.stderr.flush()
  os._exit(code)


def _own_stdout() -> None:
  """Libraries below Python write to stdout, too: theirs goes to stderr."""
  sys.stdout.flush()
  sys.stdout = os.fdopen(os.dup(1), 'w', buffering=1, encoding='utf-8')
  os.dup2(2, 1)
