"""A cell belongs to one process at a time, on all machines that share a folder.

The kernel gives a claim back when its process ends, however it ends.
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
except ImportError:  # Not on every system.
  fcntl = None


@contextlib.contextmanager
def held(folder: pathlib.Path) -> Iterator[str]:
  """Yields '' once the cell in `folder` is ours, or at once who has it.

  Where files cannot be locked, one line says so and every claim succeeds.
  """
  folder.mkdir(parents=True, exist_ok=True)
  with open(folder / 'lock', 'a+', encoding='utf-8') as file:
    if _lock(file):
      file.truncate(0)
      file.write(f'process {os.getpid()} on {socket.gethostname()}\n')
      file.flush()
      yield ''
    else:
      file.seek(0)
      yield file.read().strip() or 'another process'


@contextlib.contextmanager
def awaited(folder: pathlib.Path) -> Iterator[None]:
  """As `held`, but waits until whoever has it is done."""
  while True:
    with held(folder) as other:
      if not other:
        yield
        return
    time.sleep(0.2)


def _lock(file: IO) -> bool:
  try:
    if fcntl is None:
      raise OSError('this system has none')
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
  except BlockingIOError:
    return False
  except OSError as error:
    _warn(error.strerror or str(error))
  return True


@functools.cache
def _warn(why: str) -> None:
  print(
    f'no file locks ({why}): run one command at a time on this workdir, or '
    'two may train the same cell',
    file=sys.stderr,
  )
