"""A parent process for one process of a job, which explains why it ended.

If another process of the job dies or hangs, JAX aborts this one in C++, so that
only a parent process can print what happened.
"""

import os
import select
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable

from mtl_jax.processes import forwarding

_PIPES = 'MTL_JAX_PIPES'  # environment of the child: two file descriptors
_BEAT, _PATIENCE = 0.5, 4.0  # seconds between heartbeats; without any
DIED = 75  # exit code; EX_TEMPFAIL, "try again", in sysexits.h
JOIN_SECONDS = 60  # to wait for the other processes at the start


def inside() -> bool:
  """Whether this process is a child of `supervise`."""
  return _PIPES in os.environ


def supervise() -> int:
  """Runs this command again as a child process, and waits for it.

  Signals are forwarded to the child, which saves its state.

  Returns:
    The exit code for this process: that of the child, or `DIED` if it was
    killed, after a line that says so.
  """
  beats, beat = os.pipe()
  joined, join = os.pipe()

  def start():
    child = subprocess.Popen(
      [sys.executable, *sys.orig_argv[1:]],
      env=os.environ | {_PIPES: f'{beats} {join}'},
      pass_fds=(beats, join),
      start_new_session=True,
    )
    os.close(beats)
    os.close(join)
    return child

  with forwarding.forwarding(start) as (child, asked):
    code = _wait(child, beat)
    if -code in asked:  # It ended before it had a state to save.
      print('stopped; run the same command to continue', file=sys.stderr)
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
      _write(beat)


def _write(pipe: int) -> None:
  try:
    os.write(pipe, b'.')
  except (BlockingIOError, BrokenPipeError):
    return


def _last_line(joined: bool) -> str:
  if joined:
    return (
      'a process of this job died; run the same command again to continue '
      'from the last checkpoint'
    )
  return (
    f'the processes of this job did not connect within {JOIN_SECONDS} s; '
    'check --coordinator and start all of --processes'
  )


def watch() -> None:
  """Ends this child process when its parent dies or hangs."""
  beats, _ = _pipes()

  def listen():
    while select.select([beats], [], [], _PATIENCE)[0] and os.read(beats, 64):
      pass
    os._exit(DIED)

  threading.Thread(target=listen, daemon=True).start()


def joined() -> None:
  """Reports to the parent that all processes have connected."""
  _write(_pipes()[1])


def _pipes() -> list[int]:
  return [int(pipe) for pipe in os.environ[_PIPES].split()]


def end(main: Callable[[], int]) -> None:
  """Runs `main` in the child process and exits with the code it returns.

  Exits without Python's handlers: those of JAX would wait for the other
  processes, which may be waiting for this one.
  """
  _own_stdout()
  try:
    code = main()
  except SystemExit as error:
    code = error.code if isinstance(error.code, int) else 1
  except BaseException:  # noqa: BLE001 - `os._exit` would hide the traceback.
    traceback.print_exc()
    code = DIED
  sys.stdout.flush()
  sys.stderr.flush()
  os._exit(code)


def _own_stdout() -> None:
  """Sends to stderr what C++ libraries (Gloo) write to stdout."""
  sys.stdout.flush()
  sys.stdout = os.fdopen(os.dup(1), 'w', buffering=1, encoding='utf-8')
  os.dup2(2, 1)
