"""Errors of the disk: one line with the file, the reason and the remedy.

Python, Orbax, TFDS and the libraries below them report a full disk in different
ways; only some are an `OSError`, and only some name the file.
"""

import contextlib
import errno
import os
import pathlib
from collections.abc import Iterator

from mtl_jax.errors import InputError

# Reasons that are no fault of the code, and what to do about them.
REMEDIES = {
  errno.ENOSPC: ('the disk is full', 'free some space'),
  errno.EDQUOT: ('the disk quota is used up', 'free some space'),
  errno.EFBIG: ('the file is larger than allowed', 'raise the limit'),
  errno.EROFS: ('the file system is read-only', 'make it writable'),
  errno.EACCES: ('writing is not permitted', 'change the permissions'),
  errno.EPERM: ('writing is not permitted', 'change the permissions'),
  errno.EIO: ('the disk reports an input/output error', 'check the disk'),
  errno.ENXIO: ('the disk is gone', 'connect it again'),
  errno.ENODEV: ('the disk is gone', 'connect it again'),
  errno.ESTALE: ('the network file system is gone', 'mount it again'),
}


class WriteError(OSError):
  """A file could not be written; a command prints the message and exits.

  Args:
    number: from `errno`, a key of `REMEDIES`.
    path: of the file or folder.
  """

  def __init__(self, number: int, path: str):
    super().__init__(number, os.strerror(number), path)

  def __reduce__(self):  # A worker sends it to the process that started it.
    return type(self), (self.errno, self.filename)

  def __str__(self) -> str:
    why, remedy = REMEDIES[self.errno]
    return (
      f'cannot write {self.filename}: {why} ({self.strerror}); {remedy}, then '
      'run the same command to continue'
    )


@contextlib.contextmanager
def writing(path: str | os.PathLike) -> Iterator[None]:
  """Names the file in errors of the disk that are raised inside the block.

  Args:
    path: the file or the folder that the block writes.

  Raises:
    WriteError: in place of any error that a failing write has caused.
  """
  try:
    yield
  except (WriteError, InputError):  # They say what is wrong themselves.
    raise
  except Exception as error:
    if number := _cause(error, of_write=True)[0]:
      raise WriteError(number, os.fspath(path)) from error
    raise


def told(error: BaseException) -> str:
  """Returns the line that tells an error of the disk; '' for other errors.

  Args:
    error: any, of any library.
  """
  number, path = _cause(error)
  return str(WriteError(number, path)) if number else ''


def reason(error: BaseException) -> str:
  """Describes an error where nothing is lost, for a notice."""
  number, _ = _cause(error)
  return REMEDIES[number][0] if number else ' '.join(str(error).split())


def sync(path: pathlib.Path) -> None:
  """Waits until a file, or the names in a folder, are on the disk.

  Otherwise, after a power failure, a name may stand for an empty file.

  Args:
    path: of the file or folder.

  Raises:
    OSError: if the disk fails.
  """
  if os.name == 'nt':  # It opens no folders, and files only for writing.
    return
  number = os.open(path, os.O_RDONLY)
  try:
    os.fsync(number)
  finally:
    os.close(number)


def sync_all(folder: pathlib.Path) -> None:
  """Syncs a folder and everything in it, as in `sync`."""
  for path in [*folder.rglob('*'), folder]:
    sync(path)


def remove(path: pathlib.Path) -> None:
  """Removes a file that only takes space, if that is possible."""
  with contextlib.suppress(OSError):
    path.unlink(missing_ok=True)


def _cause(error: BaseException, of_write: bool = False) -> tuple[int, str]:
  """The number of the disk's error behind an error, and the file; 0 if none.

  Args:
    error: any, of any library.
    of_write: whether something was being written.
  """
  for one in _chain(error):
    if isinstance(one, OSError):
      number, path = one.errno, one.filename
    else:
      number, path = _quoted(str(one), of_write), None
    if number in REMEDIES:
      return number, str(path or 'a file')
  return 0, ''


def _chain(error: BaseException) -> Iterator[BaseException]:
  """An error, those of its group, and those that led to it."""
  seen: list[BaseException] = []
  waiting = [error]
  while waiting:
    one = waiting.pop(0)
    if one is not None and all(one is not other for other in seen):
      seen.append(one)
      waiting += [*getattr(one, 'exceptions', ()), one.__cause__]
      waiting += [] if one.__suppress_context__ else [one.__context__]
      yield one


def _quoted(text: str, of_write: bool) -> int:
  """The number whose description a text holds, as C++ libraries report it."""
  # Also a device, a network or a user's code may report these.
  others = () if of_write else (errno.EACCES, errno.EPERM)
  numbers = [n for n in REMEDIES if n not in others]
  return next((n for n in numbers if os.strerror(n) in text), 0)
