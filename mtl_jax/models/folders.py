"""Reads the folder of a model, and says what is wrong with another folder."""

import json
import pathlib
from typing import Any

from mtl_jax import records
from mtl_jax.errors import InputError
from mtl_jax.records import stored
from mtl_jax.records.stored import Stored

AGAIN = (
  'run the command that trained it again with --config.keep=best, which trains '
  'it anew and keeps it'
)


def read(folder: pathlib.Path) -> Stored:
  """Reads a model.

  Args:
    folder: of a finished cell, or one that `Model.save` wrote.

  Raises:
    InputError: it is no model; the message says what it is and what to do.
  """
  described = describe(folder)
  if not (folder / stored.BEST).is_dir():
    raise InputError(
      f'{folder} has no {stored.BEST}/: it is not whole; {AGAIN}'
    )
  try:
    arrays = stored.read_arrays(folder, described)
    return Stored(described, arrays, stored.read_predictions(folder))
  except Exception as error:  # noqa: BLE001 - Orbax and NumPy raise many kinds.
    text = ' '.join(str(error).split())[:200]
    raise InputError(
      f'{folder}: its files cannot be read ({text}); {AGAIN}'
    ) from error


def describe(folder: pathlib.Path) -> dict[str, Any]:
  """Reads and checks `model.json`.

  Raises:
    InputError: as `read`.
  """
  path = folder / stored.MODEL
  if not path.is_file():
    raise InputError(_why_not(folder))
  try:
    described = json.loads(path.read_text('utf-8'))
    number = described['format']
  except (ValueError, KeyError, TypeError) as error:
    raise InputError(f'{path} is not the JSON of a model; {AGAIN}') from error
  if number != stored.FORMAT:
    raise InputError(
      f'{folder} is a model of format {number}, and this version of mtl_jax '
      f'reads format {stored.FORMAT}; load it with the version that wrote it '
      f'({described.get("versions")}), or train it again'
    )
  if not described['seeds']:
    raise InputError(
      f'{folder}: every run of this cell failed, so it has no model; lower '
      'config.hp.lr'
    )
  return described


def _why_not(folder: pathlib.Path) -> str:
  if not folder.exists():
    return f'{folder} does not exist; name the folder of a cell or of a model'
  if folder.is_file():
    return f'{folder} is {_of_file(folder)}, not the folder of a model'
  if (folder / 'cells').is_dir():
    return (
      f'{folder} is a workdir; name one of its cells, {folder}/cells/..., or '
      f'give --workdir={folder} --scheme=NAME'
    )
  if not (folder / 'records.jsonl').exists():
    return (
      f'{folder} is no model: it has no {stored.MODEL}; name the folder of a '
      'cell, or one that Model.save wrote'
    )
  first = next(records.read(folder), {})
  if not records.finished(folder):
    return f'{folder} is not trained to its end; run its command again'
  if first.get('scheme') in ('reference', 'trees'):
    return f'{folder} is a reference row, of which no model is kept'
  if first.get('groups'):
    return f'{folder} trained groups of tasks, a sweep, of which none is kept'
  return f'{folder} is trained, but its model was not kept; {AGAIN}'


def _of_file(path: pathlib.Path) -> str:
  with path.open('rb') as file:
    start = file.read(2)
  # Pickles of protocol 2 and later; those of PyTorch are zip files.
  if start[:1] == b'\x80':
    return 'a pickle, which is never loaded'
  if path.suffix in ('.pkl', '.pickle', '.pt', '.pth', '.ckpt'):
    return f'a {path.suffix} file, which may hold a pickle and is never loaded'
  return 'a file'


def find(
  workdir: pathlib.Path, scheme: str, balancer: str | None = None
) -> pathlib.Path:
  """Finds the cell of a scheme in a workdir.

  Args:
    workdir: of a table.
    scheme: name of the scheme.
    balancer: name of the balancer; None where there is only one.

  Raises:
    InputError: there is no such cell, or there are several.
  """
  if not (workdir / 'cells').is_dir():
    raise InputError(f'--workdir={workdir} has no cells; name that of a table')
  cells = {
    path: next(records.read(path), {})
    for path in sorted((workdir / 'cells').iterdir())
  }
  fits = [
    path
    for path, first in cells.items()
    if first.get('scheme') == scheme
    and balancer in (None, first.get('balancer'))
  ]
  if not fits:
    there = {first.get('scheme', '') for first in cells.values()} - {''}
    raise InputError(
      f'--workdir={workdir} has no cell of scheme {scheme!r}; it has '
      f'{", ".join(sorted(there)) or "none"}'
    )
  # Of several settings of one scheme only some may have kept a model.
  models = [path for path in fits if (path / stored.MODEL).exists()] or fits
  if len(models) > 1:
    balancers = sorted({cells[path].get('balancer', '') for path in models})
    more = f'--balancer of {", ".join(balancers)}, or ' if balancers[1:] else ''
    names = ', '.join(path.name for path in models)
    raise InputError(
      f'--workdir={workdir} has several cells of scheme {scheme!r}: give '
      f'{more}the folder of one, {workdir}/cells/ with {names}'
    )
  return models[0]
