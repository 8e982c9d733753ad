"""What a workdir lacks: cells, runs, models and tables; needs no JAX."""

import datetime
import json
import pathlib
from collections.abc import Iterator
from typing import Any

from mtl_jax.records import lines, locks, made
from mtl_jax.records.digests import Problem

AGAIN = 'run its command again'
# What is written anew at the end of every command, from all cells.
TABLES = (
  *('table.md', 'table.csv', 'table.tex', 'table.json'),
  *('interference.md', 'transfer.md'),
)
KEPT = {'auto': 'model.json', 'best': 'model.json'}
KEPT['predictions'] = 'predictions.npz'


def cells(workdir: pathlib.Path) -> list[pathlib.Path]:
  """Returns the folders of a workdir's cells."""
  return sorted(path for path in workdir.glob('cells/*') if path.is_dir())


def of_workdir(workdir: pathlib.Path) -> list[Problem]:
  """Lists what a workdir lacks.

  Args:
    workdir: of any command that trains.

  Returns:
    Cells that were begun and not finished, runs without a result, models that
    were not kept, and tables older than their cells.
  """
  folders = cells(workdir)
  found = [problem for folder in folders for problem in of_cell(folder)]
  return [*found, *_of_tables(workdir, folders)]


def of_cell(folder: pathlib.Path) -> list[Problem]:
  """Lists what a cell lacks; see `of_workdir`.

  Args:
    folder: of the cell.
  """
  try:
    found = list(lines.read(folder))
  except ValueError:  # Damaged, as `digests` says.
    return []
  known = made.read(folder)
  if not any(line['kind'] == 'done' for line in found):
    return [_unfinished(folder, found, known)]
  return [*_runs(folder, found, known), *_model(folder, found, known)]


def command(known: dict[str, Any]) -> str:
  """What to do again: the command that `made.json` names.

  Args:
    known: from `made.read`; `{}` where nothing is known.
  """
  said = known['jobs'][-1].get('command') if known else ''
  return f'{AGAIN}: {said}' if said else AGAIN


def _unfinished(
  folder: pathlib.Path, found: list[dict], known: dict[str, Any]
) -> Problem:
  if other := _trained_by(folder):
    return Problem(folder, f'{other} trains it now', 'wait until it ends')
  tested, runs = len(_tested(found)), known.get('runs')
  many = f'; {tested} of {runs} runs are tested' if runs else ''
  return Problem(
    folder, f'begun and not finished{many}', f'{command(known)}, which goes on'
  )


def _trained_by(folder: pathlib.Path) -> str:
  """The process that holds the lock of a cell, or ''."""
  try:
    with (folder / 'lock').open(encoding='utf-8') as file:
      if not locks.lock(file):
        return file.read().strip() or 'another process'
  except OSError:  # It was never locked.
    pass
  return ''


def _tested(found: list[dict]) -> set[int]:
  """Numbers of the runs that have a result, or a reason why not."""
  ends = ('test', 'failed')
  return {line['run'] for line in found if line['kind'] in ends}


def _runs(
  folder: pathlib.Path, found: list[dict], known: dict[str, Any]
) -> Iterator[Problem]:
  tested, runs = _tested(found), known.get('runs', 0)
  if runs > len(tested):
    yield Problem(
      folder,
      f'{runs - len(tested)} of {runs} runs have no result',
      f'remove this folder, then {command(known)}',
    )


def _model(
  folder: pathlib.Path, found: list[dict], known: dict[str, Any]
) -> Iterator[Problem]:
  # No model is kept of groups of tasks, nor of reference rows.
  if not known or known['groups'] or known['row']:
    return
  name = KEPT.get(known['config'].get('keep', 'auto'))
  trained = any(line['kind'] == 'test' for line in found)
  if name and trained and not (folder / name).is_file():
    yield Problem(
      folder / name,
      'not kept',
      f'{command(known)} with --config.keep={_asked(name)}, which trains the '
      'cell anew',
    )


def _asked(name: str) -> str:
  return 'best' if name == 'model.json' else 'predictions'


def _of_tables(
  workdir: pathlib.Path, folders: list[pathlib.Path]
) -> Iterator[Problem]:
  ended = {folder: _ended(made.read(folder)) for folder in folders}
  for path in (workdir / name for name in TABLES):
    if not path.is_file():
      continue
    written = path.stat().st_mtime
    newer = [folder for folder, at in ended.items() if at > written]
    if newer:
      what = f'older than {len(newer)} of the cells, such as {newer[0].name}'
      yield Problem(path, what, command(made.read(newer[0])))
  yield from _of_rows(workdir / 'table.json', {f.name for f in folders})


def _ended(known: dict[str, Any]) -> float:
  """When the cell was finished, in seconds; 0 where it is not known."""
  text = known['jobs'][-1].get('ended') if known else None
  return datetime.datetime.fromisoformat(text).timestamp() if text else 0.0


def _of_rows(path: pathlib.Path, names: set[str]) -> Iterator[Problem]:
  """Rows of the table whose cells are not there."""
  try:
    heads = [row['header'] for row in json.loads(path.read_text())['rows']]
  except (OSError, ValueError, KeyError, TypeError):
    return  # There is none, or it is damaged, as `digests` says.
  for head in heads:
    # A row that was tuned has several cells.
    gone = sorted(set(head['hash'].split()) - names)
    if gone:
      what = f'its row {head["scheme"]} has no cell {gone[0]}'
      yield Problem(path, what, f'{AGAIN}, which trains the cell anew')
