"""What the folder of a cell holds; needs no JAX."""

import json
import pathlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from mtl_jax import records
from mtl_jax.errors import InputError
from mtl_jax.plugins import amounts, foreign
from mtl_jax.records import digests, made

AGAIN = 'run the command that trains it again'


class Stored(NamedTuple):
  """A finished cell.

  Attributes:
    folder: of the cell.
    made: content of `made.json`.
    identity: content of `config.json`, all that determines its numbers.
    lines: its records.
  """

  folder: pathlib.Path
  made: dict[str, Any]
  identity: dict[str, Any]
  lines: list[dict]


def read(folder: pathlib.Path) -> Stored:
  """Reads the folder of a cell.

  Raises:
    InputError: it is none, is damaged, is not finished, does not say how it
      was made, or names a module that came with it.
  """
  if not folder.is_dir():
    raise InputError(f'{folder}: no such folder; name that of a cell')
  if (folder / 'cells').is_dir():
    raise InputError(f'{folder} is a workdir; name a cell, {folder}/cells/...')
  if not (folder / 'records.jsonl').is_file():
    raise InputError(f'{folder} has no records.jsonl: it is no cell')
  for path, what, remedy in digests.of_cell(folder):
    raise InputError(f'{path}: {what}; {remedy}')
  if not (folder / made.FILE).is_file():
    raise InputError(
      f'{folder} has no {made.FILE}, which says how it was made: it is of an '
      f'earlier version; {AGAIN} in a new workdir'
    )
  known = made.read(folder)
  if not known:
    raise InputError(
      f'{folder / made.FILE} is damaged, or of another version; {AGAIN}'
    )
  try:
    identity = json.loads((folder / 'config.json').read_text('utf-8'))
    lines = list(records.read(folder))
  except (OSError, ValueError) as error:
    raise InputError(f'{folder} cannot be read: {error}; {AGAIN}') from error
  if not any(line['kind'] == 'done' for line in lines):
    raise InputError(f'{folder} is not trained to its end; {AGAIN}')
  foreign.check(_modules(known, lines), folder)
  identity.pop('check', None)
  return Stored(folder, known, identity, lines)


def _modules(known: dict[str, Any], lines: list[dict]) -> list[str]:
  """Names of the modules that are imported to train a cell again."""
  kinds = [task['kind'] for line in lines for task in line.get('tasks', ())]
  return [*(known['config'][what] for what in amounts.CHOSEN), *kinds]


def numbers(asked: Sequence[str] | None, cell: Stored) -> list[int]:
  """Returns the numbers of the runs that are trained again.

  Args:
    asked: as typed; None for all.
    cell: whose runs they are.

  Raises:
    InputError: one of them is no number of a run.
  """
  ends = ('test', 'failed')
  known = sorted({x['run'] for x in cell.lines if x['kind'] in ends})
  if asked is None:
    return known
  texts = {str(number): number for number in known}
  for text in asked:
    if text not in texts:
      raise InputError(
        f'--runs={",".join(asked)}: the cell has no run {text!r}; it has '
        f'{known[0]} to {known[-1]}'
      )
  if not asked:
    raise InputError('--runs names no run; give numbers, as in --runs=0,3')
  return sorted({texts[text] for text in asked})
