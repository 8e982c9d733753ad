"""Commands in which the nth call that changes a file fails.

`library` compiles `failing_writes.c`, which is loaded below Python. Where there
is no C compiler, `audited.py` fails the same calls in Python alone.
"""

import contextlib
import errno
import functools
import itertools
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import NamedTuple

from tests.faults import subject
from tests.faults.kills import forked

SOURCE = pathlib.Path(__file__).with_name('failing_writes.c')
COMPILERS = ('cc', 'gcc', 'clang')
KINDS = (
  *('open', 'write', 'fsync', 'rename', 'mkdir', 'link', 'unlink'),
  'truncate',
)
# Of the subject, which is run a thousand times: every kind of file is written,
# and a checkpoint replaced, with half as many calls.
SHORTER = {'config.steps': 12, 'config.evals': 2}
FULL, READ_ONLY, BROKEN = errno.ENOSPC, errno.EROFS, errno.EIO

_serial = itertools.count(1)


class Fault(NamedTuple):
  """Which calls fail, and how.

  Attributes:
    kinds: of the calls that are counted.
    nth: which of them fails, from 1; 0 is none.
    number: of the error, from `errno`.
    all_later: whether all later ones fail as well.
  """

  kinds: tuple[str, ...] = KINDS
  nth: int = 0
  number: int = BROKEN
  all_later: bool = False


@functools.cache
def library() -> pathlib.Path | None:
  """The compiled library; None without a C compiler, or not on Linux."""
  compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
  if not compiler or sys.platform != 'linux':
    return None
  path = pathlib.Path(tempfile.mkdtemp(prefix='faults-'), 'failing_writes.so')
  command = [compiler, '-shared', '-fPIC', '-O1', '-o', path, SOURCE, '-ldl']
  done = subprocess.run([*command, '-lpthread'], capture_output=True)
  return None if done.returncode else path


def environment(
  fault: Fault, folders: list[pathlib.Path], log: pathlib.Path
) -> dict[str, str]:
  """The variables that make a command fail.

  Args:
    fault: which calls.
    folders: in which they are counted.
    log: file with a line per call; that of a call that fails begins with `!`.
  """
  return {
    'FAULT_FOLDERS': ':'.join(str(folder.absolute()) for folder in folders),
    'FAULT_KINDS': ','.join(fault.kinds),
    'FAULT_NTH': str(fault.nth),
    'FAULT_ERRNO': str(fault.number),
    'FAULT_ALL': str(int(fault.all_later)),
    'FAULT_LOG': str(log),
    'FAULT_SERIAL': str(next(_serial)),
  }


class Runner:
  """Runs the subject with faults and without; use it in a `with` block.

  Args:
    folder: of the campaign.
    home: as in `subject.environment`.
  """

  def __init__(self, folder: pathlib.Path, home: pathlib.Path):
    self._folder, self._home = folder, home
    self._log = folder / 'calls'

  def __enter__(self) -> 'Runner':
    self._server, path = None, library()
    if path:
      with _variable('LD_PRELOAD', str(path)):
        self._server = forked.Server(self._home, self._folder)
      self._server.__enter__()
    return self

  def __exit__(self, *error) -> None:
    if self._server:
      self._server.__exit__(*error)

  def run(
    self, workdir: pathlib.Path, fault: Fault | None, home: pathlib.Path
  ) -> tuple[int, str]:
    """Runs the subject to its end.

    Args:
      workdir: of its table.
      fault: which calls fail; None watches nothing.
      home: of caches and prepared data, where calls fail, too.

    Returns:
      Its exit code, and what it wrote to stderr.
    """
    own = environment(fault or Fault(()), [workdir, home], self._log)
    given = subject.environment(home)
    flags = subject.flags(workdir, **SHORTER)
    places = ('MTL_JAX_CACHE', 'TFDS_DATA_DIR', 'MPLCONFIGDIR')
    own |= {name: given[name] for name in places}
    if fault:
      self._log.unlink(missing_ok=True)
    if self._server:
      return self._server.run(flags, **own)[:2]
    words = [
      sys.executable,
      '-m',
      'tests.faults.writes.audited',
      subject.MODULE,
    ]
    done = subprocess.run(
      [*words, *flags], env=given | own, cwd=subject.ROOT,
      capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr

  @property
  def calls(self) -> list[tuple[bool, str, str]]:
    """Of the last run with a fault: whether a call failed, kind and path."""
    return read_calls(self._log)


def read_calls(log: pathlib.Path) -> list[tuple[bool, str, str]]:
  """Of each call in a log: whether it failed, its kind and its path."""
  lines = log.read_text().splitlines() if log.exists() else []
  words = [line.removeprefix('! ').split(' ', 1) for line in lines]
  return [
    (line.startswith('!'), *own) for line, own in zip(lines, words, strict=True)
  ]


@contextlib.contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
  os.environ[name] = value
  try:
    yield
  finally:
    del os.environ[name]
