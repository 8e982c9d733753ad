"""What looks at a cell's runs latest, as one long table.

They are those of mtl_jax/interference/probes.py.

Rows that are not known, such as of a task without labels in any batch of a
look, are left out.
"""

import pathlib
import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from mtl_jax import records
from mtl_jax.errors import InputError
from mtl_jax.report.results import Cell

TOTAL = 'ALL'  # all modules together, or all tasks
FEATURES = 'features'  # in place of a module: what the tasks' heads read
# `task_i` and `task_j` are a pair i != j; of TAG i is the one that steps and j
# the one whose loss is looked at. Where they may be one task is said here.
WITH_ITSELF = ('product', 'cka_single', 'rsa_single')
COLUMNS = (
  *('step', 'module', 'task_i', 'task_j'),
  *('measure', 'seed', 'value'),
)


def frame(folder: pathlib.Path, cell: Cell) -> pd.DataFrame:
  """`COLUMNS`, of the runs of `cell.completed`; `folder` is the cell's.

  Raises `InputError` where there is none: nothing was measured, or all failed.
  """
  rows = [row for line in _lines(folder, cell) for row in _rows(line, cell)]
  if not rows:
    raise InputError(
      f'{folder}: interference was not measured in any run that ended well; '
      'set config.probe.batches to 4, or lower config.hp.lr'
    )
  table = pd.DataFrame(rows, columns=[*COLUMNS])
  return table[np.isfinite(table['value'])].reset_index(drop=True)


def runs(folder: pathlib.Path, cell: Cell) -> dict[int, int]:
  """The number within its cell of each run that is shown: {run: seed}."""
  return {line['run']: line['seed'] for line in _lines(folder, cell)}


def batches(folder: pathlib.Path, cell: Cell) -> int:
  """How many one look is at."""
  return _lines(folder, cell)[0]['batches']


def by_depth(modules: list[str]) -> list[str]:
  """From the inputs on: by number of stage; what has none comes last.

  Experts count theirs from behind the stem.
  """

  def place(module):
    numbers = re.findall(r'stage_(\d+)', module)
    stage = int(numbers[-1]) if numbers else 0
    return not numbers, 'stem' not in module, stage, module

  return sorted(dict.fromkeys(modules), key=place)


def _lines(folder: pathlib.Path, cell: Cell) -> list[dict]:
  # A resumed run repeats lines: the last one of a (run, step) counts.
  shown = [(run.seed, run.hp) for run in cell.completed]
  latest = {
    (line['run'], line['step']): line
    for line in records.read(pathlib.Path(folder))
    if line['kind'] == 'probe' and (line['seed'], line['hp']) in shown
  }
  return [latest[key] for key in sorted(latest)]


def _rows(line: dict, cell: Cell) -> Iterator[tuple]:
  tasks = [task.name for task in cell.tasks]
  for measure, nested in line['values'].items():
    values = np.array(nested, float)
    for place, value in np.ndenumerate(values):
      module, i, j = _names(place, line['modules'], tasks)
      if i == TOTAL or i != j or measure in WITH_ITSELF:
        yield line['step'], module, i, j, measure, line['seed'], value


def _names(place: tuple, modules: list[str], tasks: list[str]) -> tuple:
  """Of modules and tasks, of tasks, of modules, or of nothing."""
  module = modules[place[0]] if len(place) % 2 else TOTAL
  if len(place) < 2:
    return module, TOTAL, TOTAL
  return module, tasks[place[-2]], tasks[place[-1]]
