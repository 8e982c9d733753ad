"""A sweep of many cells whose workers are killed all the time."""

import contextlib
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator

import pytest

from mtl_jax import records
from tests.faults.load import at_once, cells

MARK = 'MTL_JAX_LOAD'  # in the environment of processes that may be killed
SECONDS = (1.0, 6.0)  # from one kill to the next, once cells are trained
SECONDS_OF_RAY = (10.0, 20.0)  # a worker has to start first


def local(
  count: int, folder: pathlib.Path, seconds: tuple = SECONDS, most: int = 10**6
) -> dict:
  """A sweep in one process, which is killed, and started again.

  Args:
    count: number of cells.
    folder: empty.
    seconds: shortest and longest time between kills.
    most: number of kills.
  """
  _undisturbed(folder, count)
  kills, starts = sweep(folder, 'local', count, seconds, most)
  alone, own = (cells.told(folder / n) for n in ('alone', 'killed'))
  return {
    'trials': kills,
    'unequal': cells.unequal(alone, own),
    **cells.harmed(folder / 'killed', count),
    'note': f'{count} cells, {starts} starts',
  }


def on_ray(count: int, folder: pathlib.Path) -> dict:
  """A sweep on Ray, whose workers are killed; Ray starts them again.

  A cell whose worker is killed four times ends the command, which is then run
  again, as it says.
  """
  _undisturbed(folder, count)
  kills, starts = sweep(folder, 'ray', count, SECONDS_OF_RAY)
  alone, own = (cells.told(folder / n) for n in ('alone', 'killed'))
  return {
    'trials': kills,
    'unequal': sum(not _close(alone[n], own.get(n)) for n in alone),
    **cells.harmed(folder / 'killed', count),
    'note': f'{count} cells, {starts} starts; equal to .1 %, as workers have '
    'fewer devices',
  }


def sweep(
  folder: pathlib.Path,
  launcher: str,
  count: int,
  seconds: tuple[float, float],
  most: int = 10**6,
) -> tuple[int, int]:
  """Trains cells in `folder/killed` under kills.

  Args:
    folder: of the campaign.
    launcher: its name.
    count: number of cells.
    seconds: shortest and longest time between kills.
    most: number of kills.

  Returns:
    How many processes were killed, and how often the command was started.
  """
  draw, mark, kills, starts = random.Random(0), uuid.uuid4().hex, 0, 0
  code = 1
  while code:
    starts += 1
    with _started(folder, 'killed', launcher, count, mark) as job:
      while job.poll() is None:
        pid = _training(folder / 'killed', mark) if kills < most else 0
        if not pid:
          time.sleep(0.05)
          continue
        with contextlib.suppress(subprocess.TimeoutExpired):
          job.wait(draw.uniform(*seconds))
        pid = _training(folder / 'killed', mark)
        with contextlib.suppress(ProcessLookupError):
          if pid:
            os.kill(pid, signal.SIGKILL)
            kills += 1
      code = job.returncode
    assert starts <= kills + 1, (folder / 'killed.txt').read_text()[-2000:]
  return kills, starts


def _undisturbed(folder: pathlib.Path, count: int) -> None:
  with _started(folder, 'alone', 'local', count, '') as job:
    assert job.wait() == 0, (folder / 'alone.txt').read_text()[-2000:]


@contextlib.contextmanager
def _started(folder, name, launcher, count, mark) -> Iterator[subprocess.Popen]:
  workdir = folder / name
  with open(folder / f'{name}.txt', 'w', encoding='utf-8') as file:
    command = 'tests.faults.load.sweep', str(workdir), launcher, str(count)
    job = subprocess.Popen(
      [sys.executable, '-m', *command],
      cwd=at_once.ROOT,
      env=at_once.environment(folder, **{MARK: mark}),
      stdout=file,
      stderr=file,
    )
    try:
      yield job
    finally:
      job.kill()
      job.wait()


def _training(workdir: pathlib.Path, mark: str) -> int:
  """The id of a process that trains a cell; 0 if there is none."""
  newest = sorted(workdir.glob('cells/*/lock'), key=os.path.getmtime)[-4:]
  for lock in reversed(newest):
    found = re.match(r'process (\d+) ', lock.read_text())
    if found and not records.finished(lock.parent):
      pid = int(found[1])
      # A number that was given again belongs to somebody else.
      with contextlib.suppress(OSError):
        if f'{MARK}={mark}' in pathlib.Path(f'/proc/{pid}/environ').read_text():
          return pid
  return 0


def _close(one: dict, other: dict | None) -> bool:
  return other is not None and all(
    _numbers(other[name]) == pytest.approx(_numbers(one[name]), rel=1e-3)
    for name in one
  )


def _numbers(text: str) -> list[float]:
  flat = [records.flat(part) for part in json.loads(text) if part]
  return [float(value) for part in flat for value in part.values()]
