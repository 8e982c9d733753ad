"""What the cells of a workdir hold: records that are missing or there twice."""

import collections
import json
import pathlib

from mtl_jax import records
from tests.faults.load import sweep

ONCE = ('cell', 'cost', 'done')


def harmed(workdir: pathlib.Path, count: int) -> dict:
  """Counts the cells of which a record is missing or there twice.

  Args:
    workdir: of `sweep.config` cells.
    count: number of cells.

  Returns:
    `lost` and `doubled` of an `Outcome`.
  """
  folders = sorted(workdir.glob('cells/*'))
  lost = doubled = 0
  for folder in folders:
    found = collections.Counter(
      (line['kind'], line.get('run'), line.get('step'))
      for line in records.read(folder)
    )
    lost += not wanted() <= found.keys()
    doubled += max(found.values()) > 1
  return {
    'lost': lost + max(count - len(folders), 0),
    'doubled': doubled + max(len(folders) - count, 0),
  }


def wanted() -> set:
  """The records that a cell must have: kind, run and step."""
  every = sweep.STEPS // sweep.EVALS
  runs = range(sweep.SEEDS)
  steps = range(every, sweep.STEPS + 1, every)
  return {
    *((kind, None, None) for kind in ONCE),
    *(('test', run, None) for run in runs),
    *(('eval', run, step) for run in runs for step in steps),
  }


def told(workdir: pathlib.Path) -> dict[str, dict]:
  """Returns what each cell measured, as JSON: what runs must have in common."""
  return {
    folder.name: {
      f'{line["kind"]} {line["run"]} {line.get("step")}': json.dumps(
        [line.get('valid'), line.get('test'), line.get('train_loss')]
      )
      for line in records.read(folder)
      if line['kind'] in ('eval', 'test')
    }
    for folder in sorted(workdir.glob('cells/*'))
  }


def unequal(one: dict[str, dict], other: dict[str, dict]) -> int:
  """Counts cells that differ in anything that they measured."""
  names = one.keys() | other.keys()
  return sum(one.get(name) != other.get(name) for name in names)
