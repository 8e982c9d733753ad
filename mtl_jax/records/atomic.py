"""Atomic writes: a reader sees a whole file, or the previous one, or none."""

import contextlib
import os
import pathlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import IO

from mtl_jax.records import disk


def write(
  path: str | os.PathLike,
  content: str | bytes | Callable[[IO[bytes]], object],
  lasting: bool = True,
) -> None:
  """Writes a temporary file in the same folder, then renames it to `path`.

  Missing parent folders are created. If writing fails, `path` is unchanged and
  the temporary file is removed.

  Args:
    path: file to create or to replace.
    content: text (encoded as UTF-8), bytes, or a function that writes to a
      binary file that it is given; use a function for large arrays, to avoid a
      second copy in memory.
    lasting: whether a power failure right after may not leave an empty file;
      takes milliseconds, which a file that is made anew each time may save.

  Raises:
    OSError: if it cannot be written; a `disk.WriteError` where the disk is
      full, read-only or fails.
  """
  path = pathlib.Path(path)
  with disk.writing(path), _temporary(path) as part:
    _fill(part, content)
    if lasting:
      disk.sync(part)  # before its name is given to it
    part.replace(path)


def create(path: pathlib.Path, text: str) -> None:
  """Writes a file unless it exists, however many processes try at once.

  Args:
    path: file to create; its folder must exist.
    text: encoded as UTF-8.

  Raises:
    OSError: if the folder cannot be written to.
  """
  with disk.writing(path), _temporary(path) as part:
    _fill(part, text)
    disk.sync(part)
    try:
      os.link(part, path)  # unlike a rename, it fails where `path` exists
    except FileExistsError:
      pass
    except OSError:  # no hard links on this file system
      part.replace(path)


def append(path: pathlib.Path, content: bytes) -> None:
  """Appends to a file: all of the content or, if that fails, nothing.

  Args:
    path: file; made if it is missing.
    content: what is added.

  Raises:
    disk.WriteError: if the disk is full or fails.
  """
  with disk.writing(path), open(path, 'ab', buffering=0) as file:
    size = file.tell()
    try:
      _write_all(file, content)
    except BaseException:
      with contextlib.suppress(OSError):
        file.truncate(size)
      raise


@contextlib.contextmanager
def _temporary(path: pathlib.Path) -> Iterator[pathlib.Path]:
  """The path of a temporary file, which is gone after the block."""
  path.parent.mkdir(parents=True, exist_ok=True)
  part = _part(path)
  try:
    yield part
  finally:
    disk.remove(part)


def _fill(
  part: pathlib.Path, content: str | bytes | Callable[[IO[bytes]], object]
) -> None:
  with part.open('wb') as file:
    if callable(content):
      content(file)
    else:
      file.write(content.encode() if isinstance(content, str) else content)


def _write_all(file: IO[bytes], content: bytes) -> None:
  # Unbuffered, the last bytes that fit on a full disk are written alone.
  while content:
    content = content[file.write(content) :]


def _part(path: pathlib.Path) -> pathlib.Path:
  # Unique per writer: several processes, on hosts that share the folder, and
  # several threads of one process may write the same file at once.
  writer = f'{socket.gethostname()}-{os.getpid()}-{threading.get_ident()}'
  return path.with_name(part_prefix(path.name) + writer)


def part_prefix(name: str) -> str:
  """Returns the start of the name of every temporary file of a file."""
  return f'.{name}.'
