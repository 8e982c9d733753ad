"""Atomic writes: a reader sees a whole file, or the previous one, or none."""

import contextlib
import os
import pathlib
import socket
import threading
from collections.abc import Callable
from typing import IO


def write(
  path: str | os.PathLike, content: str | bytes | Callable[[IO[bytes]], object]
) -> None:
  """Writes a temporary file in the same folder, then renames it to `path`.

  Missing parent folders are created. If writing fails, `path` is unchanged and
  the temporary file is removed.

  Args:
    path: file to create or to replace.
    content: text (encoded as UTF-8), bytes, or a function that writes to a
      binary file that it is given; use a function for large arrays, to avoid a
      second copy in memory.

  Raises:
    OSError: if the folder cannot be written to.
  """
  path = pathlib.Path(path)
  path.parent.mkdir(parents=True, exist_ok=True)
  part = _part(path)
  try:
    if callable(content):
      with part.open('wb') as file:
        content(file)
    else:
      part.write_bytes(
        content.encode() if isinstance(content, str) else content
      )
    part.replace(path)
  except BaseException:
    with contextlib.suppress(OSError):
      part.unlink(missing_ok=True)
    raise


def create(path: pathlib.Path, text: str) -> None:
  """Writes a file unless it exists, however many processes try at once.

  Args:
    path: file to create; its folder must exist.
    text: encoded as UTF-8.

  Raises:
    OSError: if the folder cannot be written to.
  """
  part = _part(path)
  part.write_text(text, 'utf-8')
  try:
    os.link(part, path)  # unlike a rename, it fails where `path` exists
  except FileExistsError:
    pass
  except OSError:  # no hard links on this file system
    part.replace(path)
  finally:
    part.unlink(missing_ok=True)


def _part(path: pathlib.Path) -> pathlib.Path:
  # Unique per writer: several processes, on hosts that share the folder, and
  # several threads of one process may write the same file at once.
  writer = f'{socket.gethostname()}-{os.getpid()}-{threading.get_ident()}'
  return path.with_name(part_prefix(path.name) + writer)


def part_prefix(name: str) -> str:
  """Returns the start of the name of every temporary file of a file."""
  return f'.{name}.'
