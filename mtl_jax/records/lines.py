"""Records: append-only JSON lines in one folder per cell."""

import os
import pathlib
from collections.abc import Iterator
from typing import Any

from mtl_jax.records import atomic, checked_json, checked_lines, disk
from mtl_jax.records.checked_json import DamagedError, Problem, digest

__all__ = [
  'FILE',
  'append',
  'digest',
  'finished',
  'flat',
  'problem',
  'read',
  'write_config',
]

FILE, CONFIG = 'records.jsonl', 'config.json'
RETRAINED = 'again'  # the folder where a finished cell is trained again
REMEDY = (
  'run the command that trained it again, which trains this cell from its '
  'beginning'
)


def append(folder: pathlib.Path, *records: dict) -> None:
  """Appends records to `folder/records.jsonl`, one line each.

  Args:
    folder: folder of the cell; created if it is missing.
    *records: dicts of JSON values, numpy scalars and arrays. NaN and infinity
      are written as null.
  """
  folder.mkdir(parents=True, exist_ok=True)
  lines = b''.join(map(checked_lines.line, records))
  path = folder / FILE
  _drop_cut_line(path)
  atomic.append(path, lines)


def write_config(folder: pathlib.Path, identity: dict) -> None:
  """Writes `folder/config.json`.

  Args:
    folder: folder of the cell; created if it is missing.
    identity: everything that determines the results of the cell.
  """
  checked_json.write(folder / CONFIG, identity)


def read(folder: pathlib.Path) -> Iterator[dict]:
  """Yields the records of one cell, if any.

  An incomplete last line, which a crash may leave, is skipped.

  Raises:
    DamagedError: any other line is not as it was written.
  """
  path = folder / FILE
  content = path.read_bytes() if path.exists() else b''
  *lines, cut = content.split(b'\n')
  # A whole record and one character more: not cut off, its newline is damaged.
  lines += [cut] if checked_lines.is_whole(cut[:-1]) else []
  for number, line in enumerate(lines, start=1):
    try:
      yield checked_lines.parsed(line)
    except ValueError as error:
      what = f'line {number}: {checked_json.why(line, error)}'
      raise DamagedError(Problem(path, what, REMEDY)) from error


def problem(folder: pathlib.Path) -> Problem | None:
  """What is wrong with the lines of a cell's records; None if nothing is."""
  try:
    for _ in read(folder):
      pass
  except DamagedError as error:
    return error.problem
  return None


def cut(folder: pathlib.Path, count: int) -> None:
  """Removes all records of a cell but the first `count`.

  Args:
    folder: folder of the cell.
    count: how many to keep; the file stays as it is where it has no more.
  """
  path = folder / FILE
  whole = path.read_bytes().splitlines(keepends=True) if path.exists() else []
  if len(whole) > count:
    os.truncate(path, sum(map(len, whole[:count])))


def sync(folder: pathlib.Path) -> None:
  """Waits until the records of a cell are on the disk.

  Raises:
    disk.WriteError: if the disk fails.
  """
  path = folder / FILE
  with disk.writing(path):
    disk.sync(path)


def finished(folder: pathlib.Path) -> bool:
  """Whether the cell in this folder is fully trained.

  Damaged records are not: the cell has to be trained again.
  """
  try:
    kinds = {record['kind'] for record in read(folder)}  # verifies all of them
  except DamagedError:
    return False
  return 'done' in kinds


def flat(tree: dict, prefix: str = '') -> dict[str, Any]:
  """Flattens nested dicts, to compare two configurations key by key.

  Args:
    tree: nested dicts; an empty dict is a leaf.
    prefix: start of every key of the result.

  Returns:
    The leaves by dotted path: `{'a': {'b': 1}}` becomes `{'a.b': 1}`.
  """
  leaves = {}
  for key, value in tree.items():
    if isinstance(value, dict) and value:
      leaves.update(flat(value, f'{prefix}{key}.'))
    else:
      leaves[f'{prefix}{key}'] = value
  return leaves


_BLOCK = 2**16  # bytes that are read at a time, from the end


def _drop_cut_line(path: pathlib.Path) -> None:
  # A record appended to an incomplete last line would be lost with it. Blocks
  # are read from the end: a file of many evaluations is not read for each.
  if not path.exists():
    return
  with path.open('rb') as file:
    size = start = file.seek(0, os.SEEK_END)
    end = 0
    while start and not end:
      stop, start = start, max(start - _BLOCK, 0)
      file.seek(start)
      newline = file.read(stop - start).rfind(b'\n') + 1
      end = start + newline if newline else 0
  if end < size:
    os.truncate(path, end)
