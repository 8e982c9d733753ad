"""Reads the folder of a model, and says what is wrong with another folder."""

import pathlib

from mtl_jax import records
from mtl_jax.errors import InputError
from mtl_jax.plugins import foreign
from mtl_jax.records import digests, lines, model_files, model_folders
from mtl_jax.records.digests import DamagedError
from mtl_jax.records.model_files import Stored


def read(folder: pathlib.Path) -> Stored:
  """Reads a model.

  Args:
    folder: of a finished cell, or one that `Model.save` wrote.

  Raises:
    InputError: it is no model; the message says what it is and what to do.
  """
  described = model_folders.describe(folder)
  if not (folder / model_files.BEST).is_dir():
    raise InputError(
      f'{folder} has no {model_files.BEST}/: it is not whole; '
      f'{model_folders.AGAIN}'
    )
  foreign.check(_modules(folder, described), folder)
  try:
    arrays = model_files.read_arrays(folder, described)
    return Stored(described, arrays, model_files.read_predictions(folder))
  except DamagedError:
    raise
  except Exception as error:  # noqa: BLE001 - Orbax and NumPy raise many kinds.
    text = ' '.join(str(error).split())[:200]
    raise InputError(
      f'{folder}: its files cannot be read ({text}); {model_folders.AGAIN}'
    ) from error


def _modules(folder: pathlib.Path, described: dict) -> list[str]:
  """Names of the modules that a stored network consists of."""
  try:
    config, tasks = described['config'], described['tasks']
    names = [config['scheme'], config['encoder']]
    return [str(name) for name in (*names, *(task['kind'] for task in tasks))]
  except (KeyError, TypeError) as error:
    raise InputError(
      f'{folder}/{model_files.MODEL} is damaged ({error!r}); '
      f'{model_folders.AGAIN}'
    ) from error


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
    path: _first_record(path) for path in sorted((workdir / 'cells').iterdir())
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
  models = [
    path for path in fits if (path / model_files.MODEL).exists()
  ] or fits
  if len(models) > 1:
    balancers = sorted({cells[path].get('balancer', '') for path in models})
    more = f'--balancer of {", ".join(balancers)}, or ' if balancers[1:] else ''
    names = ', '.join(path.name for path in models)
    raise InputError(
      f'--workdir={workdir} has several cells of scheme {scheme!r}: give '
      f'{more}the folder of one, {workdir}/cells/ with {names}'
    )
  return models[0]


def _first_record(folder: pathlib.Path) -> dict:
  """What a cell is; {} where it has hardly begun.

  Raises:
    DamagedError: its records are empty or cut off.
  """
  path = folder / lines.FILE
  found = list(records.read(folder))
  digests.verify(path, lines.REMEDY)  # A cut may leave whole lines.
  for problem in [] if found else digests.of_cell(folder):
    raise DamagedError(problem)
  return found[0] if found else {}
