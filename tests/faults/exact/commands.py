"""Whole commands that differ in what has no effect."""

import csv
import importlib.util
import pathlib
import subprocess
import sys
from collections.abc import Iterator

from tests import children
from tests.faults import subject
from tests.faults.outcome import Outcome

ROOT = pathlib.Path(__file__).parents[3]
CONFIG = children.toy_config(steps=600, evals=30)
# Nothing of this has an effect on any result.
IDLE = {
  'quiet': ('--config.verbose=0',),
  'a line per evaluation': ('--config.verbose=2',),
  'nothing kept': ('--config.keep=nothing',),
  'a log': ('--config.log=tensorboard',),
  'checkpoints': ('--config.checkpoint_seconds=0',),
  'launcher': ('--launcher=local',),
}
# These may change rounding: a cell that is there is not trained again.
PLACES = {
  'mesh': ('--config.mesh=(1,1)',),
  'program': ('--config.parallel=1',),
}
if importlib.util.find_spec('ray'):
  PLACES['launcher of workers'] = ('--launcher=ray',)


def run(folder: pathlib.Path) -> Iterator[Outcome]:
  """Yields what became of commands that differ in idle keys.

  Args:
    folder: for workdirs; made here.
  """
  folder.mkdir(parents=True)
  (folder / 'config.py').write_text(CONFIG)
  first = folder / 'first'
  _run(folder, first)
  yield _fresh(folder, first)
  yield _shared(folder, first)


def _run(folder: pathlib.Path, workdir: pathlib.Path, *flags: str) -> None:
  """Runs a command, which must end well."""
  command = (
    *(sys.executable, '-m', 'experiments.compare', '--noreference'),
    *(f'--config={folder}/config.py', '--schemes=hard'),
    *(f'--workdir={workdir}', *flags),
  )
  done = subprocess.run(
    command,
    cwd=ROOT,
    env=children.environment(MTL_JAX_CACHE=str(folder / 'cache')),
    capture_output=True,
    text=True,
    timeout=600,
    check=False,
  )
  if done.returncode:
    raise RuntimeError(done.stderr[-2000:])


def _fresh(folder: pathlib.Path, first: pathlib.Path) -> Outcome:
  """In a workdir of its own each: equal but for times."""
  unequal = []
  for name, flags in IDLE.items():
    workdir = folder / f'fresh_{name.replace(" ", "_")}'
    _run(folder, workdir, *flags)
    if _table(workdir) != _table(first):
      unequal.append(name)
  fault = 'commands that differ in what has no effect, each anew'
  return _outcome(fault, len(IDLE), unequal)


def _shared(folder: pathlib.Path, first: pathlib.Path) -> Outcome:
  """On one workdir: no cell is trained again, and tables are equal."""
  before, unequal = (first / 'table.csv').read_bytes(), []
  cells = {path: path.read_bytes() for path in _records(first)}
  for name, flags in (IDLE | PLACES).items():
    _run(folder, first, *flags)
    again = {path: path.read_bytes() for path in _records(first)}
    if (first / 'table.csv').read_bytes() != before or again != cells:
      unequal.append(name)
  fault = 'commands that differ in what has no effect, on one workdir'
  return _outcome(fault, len(IDLE | PLACES), unequal)


def _outcome(fault: str, trials: int, unequal: list[str]) -> Outcome:
  note = ', '.join(unequal)
  return Outcome('exact', fault, trials, unequal=len(unequal), note=note)


def _records(workdir: pathlib.Path) -> list[pathlib.Path]:
  return sorted(workdir.glob('cells/*/records.jsonl'))


def _table(workdir: pathlib.Path) -> list[dict]:
  """The rows of the table without times."""
  with (workdir / 'table.csv').open(newline='') as file:
    rows = list(csv.DictReader(file))
  return [
    {k: v for k, v in row.items() if k not in subject.MEASURED} for row in rows
  ]
