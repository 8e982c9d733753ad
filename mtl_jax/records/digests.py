"""Digests of files: whether a cell or a workdir is as it was written.

JSON carries its digest itself, see `checked_json`. Any other file or folder
`x` has a file `x.digest.json` beside it, with the SHA-256 of each of its files.
What has none, of an earlier version, is accepted.
"""

import hashlib
import pathlib
from collections.abc import Iterable, Iterator
from typing import Any

from mtl_jax.records import checked_json, lines
from mtl_jax.records.checked_json import (
  DamagedError,
  Problem,
  read,
  text,
  with_check,
  without_check,
  write,
)

__all__ = [
  'DamagedError',
  'Problem',
  'beside',
  'forget',
  'of_cell',
  'of_workdir',
  'read',
  'sha256',
  'text',
  'verify',
  'with_check',
  'without_check',
  'write',
  'write_beside',
  'write_of_records',
]

SUFFIX = '.digest.json'
AGAIN = 'run the command that wrote it again'
MODEL = (
  'run the command that trained it again with --config.keep=best, which trains '
  'it anew and keeps it'
)
SAVED = 'training goes on from an earlier state when its command is run again'
RESULT = 'run the command of this workdir again, which writes it anew'


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


def write_of_records(folder: pathlib.Path) -> None:
  """Writes the digest of a finished cell's records, which then are whole."""
  write_beside(folder / lines.FILE)


def start_of_records(folder: pathlib.Path) -> dict[str, Any]:
  """Describes the records that a checkpoint presupposes, as JSON holds it.

  Args:
    folder: of the cell.

  Returns:
    The number of bytes that are written now, and their SHA-256.
  """
  path = folder / lines.FILE
  content = path.read_bytes() if path.exists() else b''
  return {
    'bytes': len(content),
    'sha256': hashlib.sha256(content).hexdigest(),
  }


def starts_with(folder: pathlib.Path, start: dict[str, Any]) -> bool:
  """Whether a cell's records begin as `start_of_records` has described."""
  path = folder / lines.FILE
  content = path.read_bytes() if path.exists() else b''
  found = content[: start['bytes']]
  return hashlib.sha256(found).hexdigest() == start['sha256']


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


def of_cell(folder: pathlib.Path) -> list[Problem]:
  """Lists all damaged, missing and empty files of a cell's folder.

  Args:
    folder: of a cell, finished or not, or of a model.

  Returns:
    One problem per file; none of files that carry no digest.
  """
  folder = pathlib.Path(folder)
  found = [
    *_of_records(folder),
    *_of_json(folder.rglob('*.json')),
    *_of_others(folder),
  ]
  return [*{problem.path: problem for problem in found}.values()]


def of_workdir(folder: pathlib.Path) -> list[Problem]:
  """Lists all damaged, missing and empty files of a workdir and its cells.

  Args:
    folder: the workdir.
  """
  folder = pathlib.Path(folder)
  cells = sorted(p for p in folder.glob('cells/*') if p.is_dir())
  found = [*_of_json(folder.glob('*.json'))]
  for cell in cells:
    found += of_cell(cell)
  return found


def _of_records(folder: pathlib.Path) -> Iterator[Problem]:
  path, begun = folder / lines.FILE, (folder / lines.CONFIG).exists()
  if begun and not path.exists():
    yield Problem(path, 'it is missing', lines.REMEDY)
  elif begun and not path.stat().st_size:
    yield Problem(path, 'it is empty', lines.REMEDY)
  elif problem := lines.problem(folder):
    yield problem
  elif not begun and path.exists() and lines.finished(folder):
    yield Problem(folder / lines.CONFIG, 'it is missing', lines.REMEDY)


def _of_json(paths: Iterable[pathlib.Path]) -> Iterator[Problem]:
  for path in sorted(paths):
    # Orbax and users write JSON of their own, and Orbax's files have digests.
    own = 'best' not in path.parts and 'checkpoints' not in path.parts
    try:
      if own or path.name.endswith(SUFFIX):
        read(path, _remedy(path))
    except DamagedError as error:
      yield error.problem


def _of_others(folder: pathlib.Path) -> Iterator[Problem]:
  for path in sorted(folder.rglob(f'*{SUFFIX}')):
    of = path.with_name(path.name.removesuffix(SUFFIX))
    yield from problems(of, _remedy(of))


def _remedy(path: pathlib.Path) -> str:
  """What to do where a file of a cell or workdir is damaged."""
  if 'checkpoints' in path.parts or 'kept' in path.parts:
    return SAVED
  name = path.name.removesuffix(SUFFIX)
  if name in ('best', 'model.json', 'predictions.npz') or 'best' in path.parts:
    return MODEL
  if name == lines.FILE or path.suffix == '.npy':
    return lines.REMEDY
  return RESULT
