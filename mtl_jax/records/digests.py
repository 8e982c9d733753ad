"""Digests of files: whether a cell or a workdir is as it was written.

JSON carries its digest itself, see `checked_json`. Any other file or folder
`x` has a file `x.digest.json` beside it, with the SHA-256 of each of its files.
What has none, of an earlier version, is accepted.
"""

import hashlib
import pathlib
from collections.abc import Iterable, Iterator
from typing import Any

from mtl_jax.records import lines
from mtl_jax.records.checked_json import (
  DamagedError,
  Problem,
  read,
  text,
  with_check,
  without_check,
  write,
)
from mtl_jax.records.file_digests import (
  AGAIN,
  SUFFIX,
  beside,
  forget,
  problems,
  sha256,
  verify,
  write_beside,
)

__all__ = [
  'AGAIN',
  'SUFFIX',
  'DamagedError',
  'Problem',
  'beside',
  'forget',
  'of_cell',
  'of_workdir',
  'problems',
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

MODEL = (
  'run the command that trained it again with --config.keep=best, which trains '
  'it anew and keeps it'
)
SAVED = 'training goes on from an earlier state when its command is run again'
RESULT = 'run the command of this workdir again, which writes it anew'


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
    *_of_json(folder, folder.rglob('*.json')),
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
  found = [*_of_json(folder, folder.glob('*.json'))]
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


def _of_json(
  folder: pathlib.Path, paths: Iterable[pathlib.Path]
) -> Iterator[Problem]:
  for path in sorted(paths):
    parts = path.relative_to(folder).parts
    # Orbax and users write JSON of their own, and Orbax's files have digests.
    own = {'best', 'checkpoints', 'tensorboard'}.isdisjoint(parts)
    try:
      if own or path.name.endswith(SUFFIX):
        read(path, _remedy(path))
    except DamagedError as error:
      yield error.problem


def _of_others(folder: pathlib.Path) -> Iterator[Problem]:
  for path in sorted(folder.rglob(f'*{SUFFIX}')):
    # Its files are on their way, or will be trained again.
    if lines.RETRAINED in path.relative_to(folder).parts:
      continue
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
