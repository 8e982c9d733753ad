"""Which results are those of the code as it is."""

import json
import pathlib
from typing import NamedTuple

from experiments.made import dependencies
from experiments.made.registry import Result
from mtl_jax.errors import InputError

FRESH = 'fresh'
REPORT = 'report changed'
NUMBERS = 'results stale'
COMMAND = 'command changed'
NO_RECORD = 'no record'
NOT_MADE = 'not made'
FAILED = 'command failed'


class Status(NamedTuple):
  """Whether a result is that of the code as it is.

  Attributes:
    result: it is about.
    state: one of the constants of this file.
    seconds: that it took, or an estimate; None where nobody knows.
    detail: more for the reader, or ''.
  """

  result: Result
  state: str
  seconds: float | None
  detail: str = ''


def status(
  result: Result,
  folder: pathlib.Path,
  out: pathlib.Path,
  root: pathlib.Path = dependencies.ROOT,
) -> Status:
  """Returns whether a result has to be made again.

  Args:
    result: of the registry.
    folder: docs/results.
    out: the folder of workdirs, where a failure is recorded.
    root: of the repository.
  """
  record, failed = read(folder / result.record), read(failure(result, out))
  seconds = record.get('seconds', result.seconds)
  # Reading the code takes a while, and is of use only for comparison.
  now = _digests(result, root) if record or failed else None
  state = _state(result, folder, record, now)
  if state != FRESH and failed and now and failed['digests'] == [*now]:
    return Status(result, FAILED, seconds, failed['why'])
  detail = f'by commit {record["commit"][:9]}' if record else ''
  return Status(result, state, seconds, detail)


def _digests(result: Result, root: pathlib.Path) -> dependencies.Digests | None:
  try:
    return dependencies.digests(result, root)
  except FileNotFoundError:  # a module that is gone
    return None


def _state(result, folder, record, now) -> str:
  there = folder / (result.name if result.folder else result.files[0])
  if not there.exists():
    return NOT_MADE
  if not record:
    return NO_RECORD
  if record['commands'] != [*result.commands]:
    return COMMAND
  numbers, report = record['digests']
  if now is None or numbers != now.numbers:
    return NUMBERS
  return FRESH if report == now.report else REPORT


def failure(result: Result, out: pathlib.Path) -> pathlib.Path:
  """The file that says why the last attempt to make a result failed."""
  return out / f'{result.name}.failed.json'


def read(path: pathlib.Path) -> dict:
  """Reads a record; `{}` where there is none.

  Raises:
    InputError: it is no JSON.
  """
  try:
    return json.loads(path.read_text('utf-8'))
  except FileNotFoundError:
    return {}
  except ValueError as error:
    raise InputError(f'{path} is no JSON; remove it: {error}') from error


def line(one: Status) -> str:
  """Formats a status: the name, the state, the time it takes, and detail."""
  known = one.seconds is not None
  taking = f'{one.seconds:,.0f} s' if known else 'time not known'
  text = f'{one.result.name:28} {one.state:16} {taking:>14}  {one.detail}'
  return text.rstrip()
