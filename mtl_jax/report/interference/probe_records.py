"""The probes of a cell's runs, as one long table.

A probe measures gradients at one step; mtl_jax/interference/probes.py makes
them. Unknown values are left out, such as those of a task without labels in any
batch of a probe.
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
# `task_i` and `task_j` are a pair i != j, except for these measures, which are
# also of a task with itself. For TAG, i is the task of the gradient step and j
# the one whose loss is evaluated.
WITH_ITSELF = ('product', 'cka_single', 'rsa_single')
COLUMNS = (
  *('step', 'module', 'task_i', 'task_j'),
  *('measure', 'seed', 'value'),
)


def frame(folder: pathlib.Path, cell: Cell) -> pd.DataFrame:
  """Reads the probes of a cell.

  Args:
    folder: of the cell.
    cell: read from it; only its completed runs count.

  Returns:
    `COLUMNS`, a row per value.

  Raises:
    InputError: there is no probe: nothing was measured, or all runs failed.
  """
  rows = [row for line in _lines(folder, cell) for row in _rows(line, cell)]
  if not rows:
    raise InputError(
      f'{folder}: interference was not measured in any completed run; '
      'set config.probe.batches to 4, or lower config.hp.lr'
    )
  table = pd.DataFrame(rows, columns=[*COLUMNS])
  return table[np.isfinite(table['value'])].reset_index(drop=True)


def runs(folder: pathlib.Path, cell: Cell) -> dict[int, int]:
  """Returns the completed runs that were probed.

  Args:
    folder: of the cell.
    cell: read from it.

  Returns:
    {number of the run within its cell: seed}.
  """
  return {line['run']: line['seed'] for line in _lines(folder, cell)}


def batches(folder: pathlib.Path, cell: Cell) -> int:
  """Returns the number of batches of one probe.

  Args:
    folder: of the cell.
    cell: read from it.

  Returns:
    The number.
  """
  return _lines(folder, cell)[0]['batches']


def by_depth(modules: list[str]) -> list[str]:
  """Sorts modules from the inputs on; those without a stage come last.

  Experts number their stages from the one behind the stem.
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
  """Names of axes that are modules and tasks, tasks, modules, or none."""
  # Shapes are [modules, K, K], [K, K], [modules] or []: those with an odd
  # number of axes start with modules.
  module = modules[place[0]] if len(place) % 2 else TOTAL
  if len(place) < 2:
    return module, TOTAL, TOTAL
  return module, tasks[place[-2]], tasks[place[-1]]
