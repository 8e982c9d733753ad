"""Which cells the table of a workdir shows.

A workdir keeps the cells of earlier tables, so `table.json` names those of the
last one.
"""

import json
import pathlib
from collections.abc import Sequence

from mtl_jax.errors import InputError
from mtl_jax.records import atomic
from mtl_jax.report import results
from mtl_jax.report.results import Cell

FILE = 'table.json'
AGAIN = 'run its experiments.compare command again'


def write(cells: Sequence[Cell], workdir: pathlib.Path) -> None:
  """Writes the names of the folders of the cells.

  Args:
    cells: of the table.
    workdir: whose table it is.
  """
  names = [cell.header['hash'] for cell in cells]
  text = json.dumps({'cells': names}, indent=2)
  atomic.write(pathlib.Path(workdir) / FILE, text + '\n')


def load(workdir: pathlib.Path) -> list[Cell]:
  """Loads the cells of the table of a workdir.

  Args:
    workdir: of `experiments.compare`. Without `table.json`, which older ones
      lack, all its cells are those of its table.

  Returns:
    The cells, in the order of the table.

  Raises:
    InputError: there is no such folder, it has no cells, or one is missing or
      not complete.
  """
  workdir = pathlib.Path(workdir)
  if not workdir.is_dir():
    raise InputError(f'{workdir}: no such folder; name a workdir')
  try:
    cells = _cells(workdir)
  except InputError:
    raise
  except (OSError, ValueError, KeyError) as error:
    raise InputError(f'{workdir} cannot be read: {error}; {AGAIN}') from error
  if not cells:
    raise InputError(
      f'{workdir}: no cells in it; name a workdir of experiments.compare'
    )
  return cells


def _cells(workdir: pathlib.Path) -> list[Cell]:
  folder, names = workdir / 'cells', workdir / FILE
  if names.is_file():
    shown = json.loads(names.read_text('utf-8'))['cells']
    return [results.load(folder / name) for name in shown]
  folders = sorted(path for path in folder.glob('*') if path.is_dir())
  cells = [results.load(path) for path in folders]
  # Cells of groups of tasks are no rows of a table.
  return [cell for cell in cells if not cell.header.get('groups')]
