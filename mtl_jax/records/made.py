"""`made.json` of a cell: what made it, to compare rows and to train it again.

It is written when training begins, and again when it ends. A cell that other
code or another machine went on with names all of them.
"""

import datetime
import functools
import json
import pathlib
import sys
from collections.abc import Mapping
from typing import Any

from mtl_jax.records import checked_json

FILE = 'made.json'
FORMAT = 1
REMEDY = (
  'what made this cell is unknown now; remove its folder and run the same '
  'command to train it again'
)
# What a number of a cell may depend on beside its configuration and data; the
# rest says who asked for it, and from where.
DECIDES = ('code', 'versions', 'devices', 'precision', 'flags', 'program')


def begin(
  folder: pathlib.Path,
  asked: Mapping[str, Any],
  facts: Mapping[str, Any],
  resumed: bool = False,
) -> None:
  """Writes the file before the first step, or before a job resumes the cell.

  Args:
    folder: of the cell; created if it is missing.
    asked: what is trained: `config`, `groups`, `row`, `runs`.
    facts: of this process, see `run.made_by.facts`.
    resumed: whether the cell goes on from a checkpoint. Of one that is trained
      from its beginning no earlier job counts.
  """
  earlier = [*jobs(folder)] if resumed else []
  now = _plain({'began': _now(), 'ended': None, **facts})
  # A job that is resumed under equal conditions is one job.
  if earlier and decisive(earlier[-1]) == decisive(now):
    now['began'] = earlier.pop()['began']
  _write(folder, {'format': FORMAT, **asked, 'jobs': [*earlier, now]})


def end(folder: pathlib.Path) -> None:
  """Adds when training ended; does nothing where the file is missing.

  Args:
    folder: of the cell.
  """
  known = read(folder)
  if known:
    known['jobs'][-1]['ended'] = _now()
    _write(folder, known)


def read(folder: pathlib.Path) -> dict[str, Any]:
  """Reads the file without its `check`.

  Args:
    folder: of the cell.

  Returns:
    `{}` where it is missing, as in older workdirs, is damaged, or was written
    by a version with another format.
  """
  try:
    known = checked_json.read(folder / FILE, REMEDY)
  except (OSError, checked_json.DamagedError):
    return {}
  return _fitting(known)


def jobs(folder: pathlib.Path) -> tuple[dict[str, Any], ...]:
  """Reads what trained a cell, and says once where the file is damaged.

  Args:
    folder: of the cell.

  Returns:
    The jobs, of the oldest first; none as for `read`.
  """
  try:
    known = checked_json.read(folder / FILE, REMEDY)
  except OSError:
    return ()
  except checked_json.DamagedError as error:
    _say(str(error))
    return ()
  return tuple(_fitting(known).get('jobs', ()))


@functools.cache  # A report reads a cell more than once.
def _say(line: str) -> None:
  print(line, file=sys.stderr)


def _fitting(known: Any) -> dict[str, Any]:
  """The content, or `{}` where another version wrote it."""
  fits = isinstance(known, dict) and known.get('format') == FORMAT
  return known if fits else {}


def decisive(facts: Mapping[str, Any]) -> dict[str, Any]:
  """Returns the facts on which numbers may depend, see `DECIDES`.

  Commits are left out: digests of the code that trains are among them.

  Args:
    facts: one of the `jobs`.
  """
  own = {name: facts.get(name) for name in DECIDES}
  return own | {'code': (facts.get('code') or {}).get('digests')}


def _write(folder: pathlib.Path, known: dict[str, Any]) -> None:
  checked_json.write(folder / FILE, _plain(known), indent=1)


def _plain(value: Any) -> Any:
  """As JSON holds it, tuples as lists."""
  return json.loads(json.dumps(value, default=str))


def _now() -> str:
  return datetime.datetime.now(datetime.UTC).isoformat(timespec='milliseconds')
