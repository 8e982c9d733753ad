"""File locks: one process at a time trains a cell or prepares a data set.

Locks hold across all machines that share a folder. The kernel releases a lock
when the process that holds it ends, however it ends.
"""

import contextlib
import functools
import os
import pathlib
import socket
import sys
import time
from collections.abc import Iterator
from typing import IO

try:
  import fcntl
except ImportError:  # Not every system has it (Windows).
  fcntl = None


@contextlib.contextmanager
def held(folder: pathlib.Path) -> Iterator[str]:
  """Locks the folder of a cell, if no other process has locked it.

  Where files cannot be locked, a warning is printed once and every call
  succeeds.

  Args:
    folder: folder of the cell; created if it is missing.

  Yields:
    '' if this process holds the lock now, until the end of the block;
    otherwise a description of the process that holds it.
  """
  folder.mkdir(parents=True, exist_ok=True)
  with open(folder / 'lock', 'a+', encoding='utf-8') as file:
    if lock(file):
      _sign(file)
      yield ''
    else:
      file.seek(0)
      yield file.read().strip() or 'another process'


@contextlib.contextmanager
def awaited(folder: pathlib.Path) -> Iterator[None]:
  """Like `held`, but waits until no other process holds the lock."""
  while True:
    with held(folder) as other:
      if not other:
        yield
        return
    time.sleep(0.2)


def lock(file: IO, wait: bool = False) -> bool:
  """Locks an open file exclusively, until it is closed.

  Where files cannot be locked, a warning is printed once and the call succeeds.

  Args:
    file: an open file.
    wait: whether to block until another process releases the lock.

  Returns:
    Whether the file is locked by this process; always true with `wait`.
  """
  try:
    if fcntl is None:
      raise OSError('this system has none')
    fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
  except BlockingIOError:
    return False
  except OSError as error:
    _warn(error.strerror or str(error))
  return True


def _sign(file: IO) -> None:
  # Only other processes' messages need it: a full disk is no reason to stop.
  text = f'process {os.getpid()} on {socket.gethostname()}\n'
  with contextlib.suppress(OSError):
    file.truncate(0)
    # Unbuffered: closing a file tries again to write what is in its buffer.
    os.write(file.fileno(), text.encode())


@functools.cache  # Once per process and reason.
def _warn(why: str) -> None:
  print(
    f'no file locks ({why}): run one command at a time on a --workdir and a '
    'config.data_dir, or two may train the same cell or prepare the same data',
    file=sys.stderr,
  )
