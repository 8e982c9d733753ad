"""Cells: the records of one trained configuration, read into tuples."""

import json
import pathlib
from typing import Any, NamedTuple

from mtl_jax import records
from mtl_jax.errors import InputError
from mtl_jax.records import made
from mtl_jax.report.runs import Eval, Reading, Run, TaskInfo, of_lines
from mtl_jax.report.selected import select, settings

__all__ = [
  'Cell',
  'Eval',
  'Reading',
  'Run',
  'TaskInfo',
  'load',
  'select',
  'settings',
]

REPEATS = {
  'fixed': 'seeds on one split',
  'resplit': 'resplits',
  'drawn': 'seeds, each with rows of its own',
}
# Rows of models that are not trained in steps, in the order of a table.
REFERENCES = ('reference', 'trees')


class Cell(NamedTuple):
  """One trained (scheme, balancer).

  Attributes:
    header: the first record, as written.
    tasks: in order.
    runs: all, of every setting.
    setting: a run for each seed, at the hyperparameters that `select` chose;
      they may differ from seed to seed and from task to task.
    cost: of the whole cell, see `compare.rows.COST`; None where unknown.
    notes: of the trainings, for the reader of a table.
    made: of each job that trained it, the facts of `made.json`; empty in older
      workdirs.
  """

  header: dict[str, Any]
  tasks: tuple[TaskInfo, ...]
  runs: tuple[Run, ...]
  setting: tuple[Run, ...]
  cost: dict[str, float | None]
  notes: tuple[str, ...]
  made: tuple[dict[str, Any], ...] = ()

  @property
  def scheme(self) -> str:
    """The scheme's name, as in the config."""
    return self.header['scheme']

  @property
  def balancer(self) -> str:
    """The balancer's name; '' for one that takes none."""
    return self.header['balancer']

  @property
  def label(self) -> str:
    """The scheme's name, with the balancer's where that is not `equal`."""
    plain = self.balancer in ('', 'equal')
    return self.scheme if plain else f'{self.scheme} + {self.balancer}'

  @property
  def is_baseline(self) -> bool:
    """Whether the others are compared with it: `single` with `equal`."""
    return (self.scheme, self.balancer) == ('single', 'equal')

  @property
  def is_reference(self) -> bool:
    """Whether its models are not trained in steps: linear ones or trees."""
    return self.scheme in REFERENCES

  @property
  def completed(self) -> tuple[Run, ...]:
    """The runs of the selected setting that were tested."""
    return tuple(r for r in self.setting if r.test is not None)

  @property
  def tried(self) -> int:
    """The number of settings among which was chosen."""
    return len(settings(self.runs))

  @property
  def chosen(self) -> int:
    """The number of distinct settings that were chosen."""
    parts = (hp for run in self.completed for hp in run.chosen)
    return len({json.dumps(hp, sort_keys=True) for hp in parts})

  @property
  def test_over_train(self) -> float | None:
    """Test over training units for resplits, which overlap; else None.

    Units are what is independent (patients, glyphs); rows where none are named.
    """
    if self.header['split'] != 'resplit':
      return None
    units = self.header.get('units') or {}
    if units.get('test') and units.get('train'):
      return units['test'] / units['train']
    return self.header['n_test'] / self.header['n_train']

  @property
  def repeats(self) -> str:
    """What differs from seed to seed."""
    return REPEATS[self.header['split']]

  def values(self, task: str, metric: str) -> dict[int, float]:
    """Returns a test metric by seed.

    Args:
      task: its name.
      metric: its name.

    Returns:
      {seed: value}, without failed runs and seeds where the metric has no
      value.
    """
    values = {r.seed: r.test[task].get(metric) for r in self.completed}
    return {seed: float(v) for seed, v in values.items() if v is not None}


def load(folder: pathlib.Path) -> Cell:
  """Reads the cell in a folder.

  Args:
    folder: with its records.

  Returns:
    The cell, with the best setting of each seed selected.

  Raises:
    InputError: the records are missing or not complete.
  """
  lines = list(records.read(pathlib.Path(folder)))
  by_kind: dict[str, list[dict]] = {}
  for line in lines:
    by_kind.setdefault(line['kind'], []).append(line)
  if 'cell' not in by_kind or 'done' not in by_kind:
    raise InputError(
      f'{folder}: the records are not complete; run the same command again'
    )
  # A resumed cell repeats records: the last header and the last costs count,
  # and each note once.
  header = by_kind['cell'][-1]
  runs = of_lines(lines)
  chosen = select(runs, header['split'])
  notes = dict.fromkeys(line['text'] for line in by_kind.get('note', []))
  cost = by_kind.get('cost', [{}])[-1]
  jobs = made.jobs(pathlib.Path(folder))
  return Cell(header, _tasks(header), runs, chosen, cost, tuple(notes), jobs)


def _tasks(header: dict) -> tuple[TaskInfo, ...]:
  return tuple(
    TaskInfo(t['name'], t['kind'], tuple((m, up) for m, up in t['metrics']))
    for t in header['tasks']
  )
