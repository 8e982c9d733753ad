"""Records: one folder per cell, append-only JSON lines, read by the report."""

import hashlib
import json
import math
import os
import pathlib
from collections.abc import Iterator
from typing import Any


def digest(what: Any) -> str:
  """Twelve hex digits that name `what` (anything JSON can hold)."""
  text = json.dumps(what, sort_keys=True, separators=(',', ':'))
  return hashlib.sha256(text.encode()).hexdigest()[:12]


def append(folder: pathlib.Path, *records: dict) -> None:
  """Adds lines to `folder/records.jsonl`; NaN becomes null."""
  folder.mkdir(parents=True, exist_ok=True)
  lines = ''.join(
    json.dumps(_plain(r), allow_nan=False) + '\n' for r in records
  )
  path = folder / 'records.jsonl'
  _drop_cut_line(path)
  with open(path, 'a', encoding='utf-8') as file:
    file.write(lines)


def write_config(folder: pathlib.Path, identity: dict) -> None:
  """Writes `folder/config.json`: all that determines a cell's numbers."""
  folder.mkdir(parents=True, exist_ok=True)
  text = json.dumps(identity, indent=2) + '\n'
  (folder / 'config.json').write_text(text, encoding='utf-8')


def read(folder: pathlib.Path) -> Iterator[dict]:
  """The records of one cell; a last line cut short by a crash is left out."""
  path = folder / 'records.jsonl'
  lines = path.read_text(encoding='utf-8').splitlines() if path.exists() else []
  for number, line in enumerate(lines, start=1):
    try:
      yield json.loads(line)
    except json.JSONDecodeError:
      if number < len(lines):
        raise


def finished(folder: pathlib.Path) -> bool:
  """Whether this cell was trained to its end."""
  return any(record['kind'] == 'done' for record in read(folder))


def flat(tree: dict, prefix: str = '') -> dict[str, Any]:
  """`{'a': {'b': 1}}` -> `{'a.b': 1}`, to compare two configurations."""
  found = {}
  for key, value in tree.items():
    if isinstance(value, dict) and value:
      found.update(flat(value, f'{prefix}{key}.'))
    else:
      found[f'{prefix}{key}'] = value
  return found


def _drop_cut_line(path: pathlib.Path) -> None:
  # What a crash cut short would swallow the next record.
  whole = path.read_bytes() if path.exists() else b''
  end = whole.rfind(b'\n') + 1
  if end < len(whole):
    os.truncate(path, end)


def _plain(value: Any) -> Any:
  """`value` as JSON holds it: numpy scalars unpacked, NaN as None."""
  if isinstance(value, dict):
    return {str(k): _plain(v) for k, v in value.items()}
  if isinstance(value, list | tuple):
    return [_plain(v) for v in value]
  if hasattr(value, 'tolist'):
    return _plain(value.tolist())
  if isinstance(value, float) and not math.isfinite(value):
    return None
  return value
