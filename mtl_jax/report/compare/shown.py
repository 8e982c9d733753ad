"""The rows of the last table of a workdir, for reports on several of them.

A workdir keeps the cells of earlier tables, and a row may be chosen from
several cells, so that its cells alone do not tell what its table shows:
`table.json` does.
"""

import pathlib
from collections.abc import Sequence

from mtl_jax.errors import InputError
from mtl_jax.records import digests
from mtl_jax.report import results
from mtl_jax.report.results import Cell, Run, TaskInfo

FILE = 'table.json'
AGAIN = 'run its experiments.compare command again'


def write(cells: Sequence[Cell], workdir: pathlib.Path) -> None:
  """Writes the header of each row and the test results of its runs.

  Args:
    cells: of the table.
    workdir: whose table it is.
  """
  rows = [
    {
      'header': cell.header,
      'runs': [{'seed': run.seed, 'test': run.test} for run in cell.setting],
    }
    for cell in cells
  ]
  digests.write(pathlib.Path(workdir) / FILE, {'rows': rows}, indent=None)


def load(workdir: pathlib.Path) -> list[Cell]:
  """Loads the rows of the table of a workdir.

  Args:
    workdir: of `experiments.compare`. Without `table.json`, which older ones
      lack, all its cells are those of its table.

  Returns:
    Cells in the order of the table, with test results alone where `table.json`
    has them.

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
  except (OSError, ValueError, KeyError, TypeError) as error:
    raise InputError(f'{workdir} cannot be read: {error}; {AGAIN}') from error
  if not cells:
    raise InputError(
      f'{workdir}: no cells in it; name a workdir of experiments.compare'
    )
  return cells


def _cells(workdir: pathlib.Path) -> list[Cell]:
  path, folder = workdir / FILE, workdir / 'cells'
  if path.is_file():
    return [_row(row) for row in digests.read(path, AGAIN)['rows']]
  folders = sorted(path for path in folder.glob('*') if path.is_dir())
  cells = [results.load(path) for path in folders]
  # Cells of groups of tasks are no rows of a table.
  return [cell for cell in cells if not cell.header.get('groups')]


def _row(row: dict) -> Cell:
  runs = tuple(Run(run['seed'], {}, test=run['test']) for run in row['runs'])
  tasks = tuple(
    TaskInfo(t['name'], t['kind'], tuple((m, up) for m, up in t['metrics']))
    for t in row['header']['tasks']
  )
  return Cell(row['header'], tasks, runs, runs, {}, ())
