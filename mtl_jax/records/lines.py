"""Records: append-only JSON lines in one folder per cell."""

import hashlib
import json
import math
import os
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

from mtl_jax.records import atomic, disk


def digest(what: Any) -> str:
  """Returns 12 hex digits of the SHA-256 of `what`, a value JSON can hold."""
  text = json.dumps(what, sort_keys=True, separators=(',', ':'))
  return hashlib.sha256(text.encode()).hexdigest()[:12]


def append(folder: pathlib.Path, *records: dict) -> None:
  """Appends records to `folder/records.jsonl`, one line each.

  Args:
    folder: folder of the cell; created if it is missing.
    *records: dicts of JSON values, numpy scalars and arrays. NaN and infinity
      are written as null.
  """
  folder.mkdir(parents=True, exist_ok=True)
  lines = ''.join(
    json.dumps(_plain(r), allow_nan=False) + '\n' for r in records
  )
  path = folder / 'records.jsonl'
  _drop_cut_line(path)
  atomic.append(path, lines)


def write_config(folder: pathlib.Path, identity: dict) -> None:
  """Writes `folder/config.json`.

  Args:
    folder: folder of the cell; created if it is missing.
    identity: everything that determines the results of the cell.
  """
  atomic.write(folder / 'config.json', json.dumps(identity, indent=2) + '\n')


def read(folder: pathlib.Path) -> Iterator[dict]:
  """Yields the records of one cell, if any.

  An incomplete last line, which a crash may leave, is skipped.

  Raises:
    json.JSONDecodeError: if any other line is not JSON.
  """
  path = folder / 'records.jsonl'
  lines = path.read_text(encoding='utf-8').splitlines() if path.exists() else []
  for number, line in enumerate(lines, start=1):
    try:
      yield json.loads(line)
    except json.JSONDecodeError:
      if number < len(lines):
        raise


def sync(folder: pathlib.Path) -> None:
  """Waits until the records of a cell are on the disk.

  Raises:
    disk.WriteError: if the disk fails.
  """
  path = folder / 'records.jsonl'
  with disk.writing(path):
    disk.sync(path)


def keep(folder: pathlib.Path, wanted: Callable[[dict], bool]) -> None:
  """Removes records of what is trained again, so that none is there twice.

  Args:
    folder: of the cell; it may have no records.
    wanted: says of a record whether it stays.
  """
  before = list(read(folder))
  after = [record for record in before if wanted(record)]
  if len(after) < len(before):
    text = ''.join(json.dumps(record) + '\n' for record in after)
    atomic.write(folder / 'records.jsonl', text)


def finished(folder: pathlib.Path) -> bool:
  """Whether the cell in this folder is fully trained."""
  return any(record['kind'] == 'done' for record in read(folder))


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


def _drop_cut_line(path: pathlib.Path) -> None:
  # A record appended to an incomplete last line would be lost with it.
  whole = path.read_bytes() if path.exists() else b''
  end = whole.rfind(b'\n') + 1
  if end < len(whole):
    os.truncate(path, end)


def _plain(value: Any) -> Any:
  """Converts numpy values to JSON values, and NaN and infinity to None."""
  if isinstance(value, dict):
    return {str(k): _plain(v) for k, v in value.items()}
  if isinstance(value, list | tuple):
    return [_plain(v) for v in value]
  if hasattr(value, 'tolist'):
    return _plain(value.tolist())
  if isinstance(value, float) and not math.isfinite(value):
    return None
  return value
