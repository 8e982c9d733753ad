"""Every file that a rerun reads, truncated, one bit flipped and empty.

Three situations: the table is finished; the command was stopped, and a
checkpoint waits; the finished model predicts new rows. Of each, all files of
the workdir, of the cache of programs and of the prepared data that the same
command reads are damaged, one at a time.
"""

import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

from tests.faults import subject
from tests.faults.damage import harm
from tests.faults.outcome import Outcome

NAME = 'damage'
# So many steps that it can be stopped after its first checkpoint.
LONG = {'config.steps': 2400, 'config.evals': 24}
# Kinds of files, by the parts of their paths; the first that fits.
KINDS = {
  'digests of a checkpoint': ('checkpoints/', '.digest.json'),
  'a checkpoint': ('checkpoints/',),
  'records': ('records.jsonl',),
  'best parameters': ('/best',),
  'test predictions': ('predictions.npz',),
  'the description of a model': ('model.json',),
  'config.json': ('config.json',),
  'what made a cell': ('made.json',),
  'a traced program': ('-traced',),
  'a compiled program': ('-cache',),
  'decoded data': ('decoded-',),
  'prepared data': ('/data/',),
}
# Of another program, which keeps no digest of it.
FOREIGN = 'home/matplotlib'


class Situation(NamedTuple):
  """Files as they are before a command, and what the command gives.

  Attributes:
    name: in words.
    saved: a copy of all files.
    command: that reads them.
    result: reads what it must give.
    expected: what it gives without a fault.
  """

  name: str
  saved: pathlib.Path
  command: list[str]
  result: object
  expected: bytes


class Bench:
  """A folder `now` in which commands run, and copies of it.

  Args:
    folder: for all of it.
  """

  def __init__(self, folder: pathlib.Path):
    self.folder, self.now = folder, folder / 'now'
    self.home, self.work = self.now / 'home', self.now / 'work'
    self.variables = subject.environment(self.home)

  def run(self, command: list[str]) -> subprocess.CompletedProcess:
    """Runs a command to its end."""
    return subprocess.run(
      command, cwd=subject.ROOT, env=self.variables, capture_output=True,
      text=True, timeout=600, check=False,
    )  # fmt: skip

  def must(self, command: list[str]) -> None:
    """Runs a command that has to succeed."""
    done = self.run(command)
    if done.returncode:
      raise RuntimeError(f'it fails without a fault: {done.stderr}')

  def stop(self, command: list[str]) -> None:
    """Runs a command, and stops it after its first checkpoint."""
    job = subprocess.Popen(
      command, cwd=subject.ROOT, env=self.variables, stderr=subprocess.PIPE
    )
    while job.poll() is None and not list(
      self.work.glob('cells/*/checkpoints/*/[0-9]*.digest.json')
    ):
      time.sleep(0.02)
    job.send_signal(signal.SIGTERM)
    job.communicate(timeout=300)
    if not list(self.work.glob('cells/*/checkpoints/*/*')):
      raise RuntimeError('it ended before it could be stopped')

  def save(self, name: str) -> pathlib.Path:
    """Copies all files."""
    shutil.copytree(self.now, self.folder / name)
    return self.folder / name

  def restore(self, saved: pathlib.Path) -> None:
    """Brings all files back as they were saved."""
    shutil.rmtree(self.now)
    shutil.copytree(saved, self.now)


def run(trials: int, folder: pathlib.Path) -> Iterator[Outcome]:
  """Damages files.

  Args:
    trials: most of each kind of file in each situation, drawn at random.
    folder: for workdirs and caches.

  Yields:
    The outcome for each kind of file in each situation.
  """
  bench = Bench(pathlib.Path(folder))
  for situation in _situations(bench):
    for kind, paths in _by_kind(bench, situation).items():
      yield _tried(bench, situation, kind, paths, trials)


def _situations(bench: Bench) -> Iterator[Situation]:
  table = subject.command(bench.work, **LONG)
  bench.must(table)
  shutil.rmtree(bench.work)
  bench.stop(table)
  stopped = bench.save('stopped')
  bench.must(table)
  expected = subject.table(bench.work)
  read = lambda: subject.table(bench.work)  # noqa: E731
  finished = bench.save('finished')
  yield Situation('goes on', stopped, table, read, expected)
  yield Situation('finished', finished, table, read, expected)
  bench.restore(finished)
  yield _predicting(bench)


def _predicting(bench: Bench) -> Situation:
  from mtl_jax import data

  rows, out = bench.now / 'rows.npy', bench.now / 'predictions.csv'
  inputs = data.load('actg175', data_dir=str(bench.home / 'data')).test.inputs
  import numpy as np

  np.save(rows, inputs[:20])
  command = [sys.executable, '-m', 'experiments.predict', str(rows)]
  command += [f'--workdir={bench.work}', '--scheme=hard', f'--out={out}']
  bench.must(command)
  expected = out.read_bytes()
  out.unlink()
  read = lambda: out.read_bytes() if out.exists() else b''  # noqa: E731
  saved = bench.save('predicting')
  return Situation('predicts', saved, command, read, expected)


def _by_kind(bench: Bench, situation: Situation) -> dict[str, list[str]]:
  """The files that the command reads, by kind, as paths below `now`."""
  bench.restore(situation.saved)
  ours = [*bench.home.rglob('*'), *bench.work.rglob('*')]
  paths = [path for path in ours if path.is_file()]
  for path in paths:
    harm.forget_reading(path)
  bench.must(situation.command)
  found: dict[str, list[str]] = {}
  for path in sorted(paths):
    name = path.relative_to(bench.now).as_posix()
    # Empty are the locks.
    filled = (situation.saved / name).stat().st_size
    if filled and harm.was_read(path) and not name.startswith(FOREIGN):
      found.setdefault(_kind(name), []).append(name)
  if not found:
    raise RuntimeError(f'{bench.now}: the disk does not note what is read')
  return found


def _kind(name: str) -> str:
  for kind, parts in KINDS.items():
    if all(part in f'/{name}' for part in parts):
      return kind
  return 'another file'


def _tried(bench, situation, kind, paths, trials) -> Outcome:
  rng = random.Random(f'{situation.name} {kind}')
  every = [(path, harm_) for path in paths for harm_ in harm.KINDS]
  chosen = every if len(every) <= trials else rng.sample(every, trials)
  counts = {'lost': 0, 'unequal': 0, 'silent': 0}
  notes = []
  for path, damage in chosen:
    for what in _trial(bench, situation, bench.now / path, damage, rng):
      counts[what] += 1
      notes.append(f'{what}: {damage} {path}')
  return Outcome(
    NAME,
    f'{kind} damaged; the table {situation.name}'
    if situation.name != 'predicts'
    else f'{kind} damaged; the model predicts',
    len(chosen),
    **counts,
    note='; '.join(notes),
  )


def _trial(bench, situation, path, damage, rng) -> list[str]:
  """What went wrong: names of fields of `Outcome`."""
  bench.restore(situation.saved)
  damaged = harm.damage(path, damage, rng)
  harm.forget_reading(path)
  done = bench.run(situation.command)
  unread = not harm.was_read(path)
  told = [line for line in done.stderr.splitlines() if _names(line, path)]
  refused = done.returncode == 2 and len(done.stderr.splitlines()) == 1
  if refused and told and situation.name == 'predicts':
    return []
  if done.returncode or 'Traceback' in done.stderr:
    return ['lost']
  wrong = [] if situation.result() == situation.expected else ['unequal']
  healed = not path.exists() or path.read_bytes() != damaged
  return wrong if told or unread or healed else [*wrong, 'silent']


def _names(line: str, path: pathlib.Path) -> bool:
  """Whether a line speaks of the damage to a file, or to its cache."""
  speaks = any(word in line for word in ('damaged', 'broken', 'cut off'))
  return speaks and (str(path) in line or str(path.parent) in line)


if __name__ == '__main__':
  for outcome in run(int(sys.argv[1]), pathlib.Path(sys.argv[2])):
    print(outcome, flush=True)
    os.sync()
