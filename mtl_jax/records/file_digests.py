"""Digests of files beside them: `x.digest.json` of a file or folder `x`."""

import hashlib
import pathlib
from collections.abc import Iterator
from typing import Any

from mtl_jax.records import checked_json
from mtl_jax.records.checked_json import DamagedError, Problem, read, write

SUFFIX = '.digest.json'
AGAIN = 'run the command that wrote it again'


def sha256(path: pathlib.Path) -> str:
  """Returns the SHA-256 of a file, in hex digits."""
  with path.open('rb') as file:
    return hashlib.file_digest(file, 'sha256').hexdigest()


def beside(path: pathlib.Path) -> pathlib.Path:
  """Returns the path of the file that has the digests of `path`."""
  return path.with_name(path.name + SUFFIX)


def forget(path: pathlib.Path) -> None:
  """Removes the digests of a file or folder, before it is written anew.

  A file that is killed while it is written anew then has no digest rather than
  one that does not fit.
  """
  beside(path).unlink(missing_ok=True)


def write_beside(path: pathlib.Path, **more: Any) -> None:
  """Writes the digests of a file, or of all files of a folder.

  Args:
    path: of the file or folder.
    **more: further entries of the file with the digests.
  """
  files = {
    file.relative_to(path.parent).as_posix(): sha256(file)
    for file in _files(path)
  }
  write(beside(path), {'sha256': files, **more})


def verify(path: pathlib.Path, remedy: str = AGAIN) -> None:
  """Verifies a file or folder against the digests beside it, if there are any.

  Args:
    path: of the file or folder.
    remedy: what the user can do where it is damaged.

  Raises:
    DamagedError: a file is missing, cut off or changed.
  """
  for problem in problems(path, remedy):
    raise DamagedError(problem)


def problems(
  path: pathlib.Path, remedy: str = AGAIN, only: tuple[str, ...] = ()
) -> Iterator[Problem]:
  """Yields what `verify` raises, for each file.

  Args:
    path: of the file or folder.
    remedy: what the user can do.
    only: endings of the names that are verified; all by default.
  """
  try:
    known = read(beside(path), remedy)['sha256']
  except FileNotFoundError:
    return
  except DamagedError as error:
    yield error.problem
    return
  for name, wanted in known.items():
    if only and not name.endswith(only):
      continue
    if what := _what(path.parent / name, wanted):
      yield Problem(path.parent / name, what, remedy)


def _what(path: pathlib.Path, wanted: str) -> str:
  """What is wrong with a file, in a few words; '' if nothing is."""
  try:
    found = sha256(path)
  except OSError:
    return 'it is missing'
  if found == wanted:
    return ''
  return checked_json.BAD if path.stat().st_size else 'it is empty'


def _files(path: pathlib.Path) -> list[pathlib.Path]:
  if path.is_dir():
    return sorted(file for file in path.rglob('*') if file.is_file())
  return [path]
