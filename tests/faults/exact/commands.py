"""Whole commands: several at once, and such as differ in what has no effect."""

import csv
import importlib.util
import json
import pathlib
import subprocess
import sys
import time
from collections.abc import Iterator

from tests import children
from tests.faults.outcome import Outcome

ROOT = pathlib.Path(__file__).parents[3]
CONFIG = """
from configs import default


def get_config():
  config = default.get_config()
  config.dataset = 'tests.toy'
  config.encoders.mlp.widths = (4,)
  config.seeds, config.steps, config.evals = 2, 600, 30
  config.batch_size = 8
  return config
"""
TIMED = ('steps_per_second', 'seconds', 'seconds_to_single')
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


def run(trials: int, folder: pathlib.Path) -> Iterator[Outcome]:
  """Yields what became of commands that share a workdir, and of idle keys.

  Args:
    trials: pairs of commands that begin at once.
    folder: for workdirs; made here.
  """
  folder.mkdir(parents=True)
  (folder / 'config.py').write_text(CONFIG)
  first = folder / 'first'
  _wait(_start(folder, first))
  yield _at_once(trials, folder)
  yield _fresh(folder, first)
  yield _shared(folder, first)


def _start(
  folder: pathlib.Path, workdir: pathlib.Path, *flags: str
) -> subprocess.Popen:
  command = (
    *(sys.executable, '-m', 'experiments.compare', '--noreference'),
    *(f'--config={folder}/config.py', '--schemes=hard'),
    *(f'--workdir={workdir}', *flags),
  )
  return subprocess.Popen(
    command,
    cwd=ROOT,
    env=children.environment(MTL_JAX_CACHE=str(folder / 'cache')),
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    text=True,
  )


def _wait(*jobs: subprocess.Popen) -> list[str]:
  """Waits for commands to end well; returns what they printed."""
  printed = [job.communicate(timeout=600) for job in jobs]
  for job, (_, errors) in zip(jobs, printed, strict=True):
    if job.returncode:
      raise RuntimeError(errors[-2000:])
  return [out for out, _ in printed]


def _at_once(trials: int, folder: pathlib.Path) -> Outcome:
  lost = doubled = unequal = 0
  count = min(trials, 10)
  for number in range(count):
    workdir, jobs = folder / f'at_once_{number}', []
    for _ in range(3):
      jobs.append(_start(folder, workdir))
      time.sleep(0.3 * number)  # so that they meet at another point each time
    printed = _wait(*jobs)
    unequal += len({*printed}) > 1
    records = [_lines(path) for path in workdir.glob('cells/*/records.jsonl')]
    lost += len(records) != 2 or any(len(own) != _WHOLE for own in records)
    doubled += any(len({*own}) < len(own) for own in records)
  fault = 'three commands at once on one workdir'
  return Outcome('exact', fault, count, lost, doubled, unequal)


# A header, 30 evaluations and a test of 2 runs, the cost and the end.
_WHOLE = 1 + 30 * 2 + 2 + 1 + 1


def _lines(path: pathlib.Path) -> list[str]:
  """Kind, run and step of each record."""
  lines = map(json.loads, path.read_text('utf-8').splitlines())
  return [str([x.get(k) for k in ('kind', 'run', 'step')]) for x in lines]


def _fresh(folder: pathlib.Path, first: pathlib.Path) -> Outcome:
  """In a workdir of its own each: equal but for times."""
  unequal = []
  for name, flags in IDLE.items():
    workdir = folder / f'fresh_{name.replace(" ", "_")}'
    _wait(_start(folder, workdir, *flags))
    if _table(workdir) != _table(first):
      unequal.append(name)
  fault = 'commands that differ in what has no effect, each anew'
  return _outcome(fault, len(IDLE), unequal)


def _shared(folder: pathlib.Path, first: pathlib.Path) -> Outcome:
  """On one workdir: no cell is trained again, and tables are equal."""
  before, unequal = (first / 'table.csv').read_bytes(), []
  cells = {path: path.read_bytes() for path in _records(first)}
  for name, flags in (IDLE | PLACES).items():
    _wait(_start(folder, first, *flags))
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
  return [{k: v for k, v in row.items() if k not in TIMED} for row in rows]
