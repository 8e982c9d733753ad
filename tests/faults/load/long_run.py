"""A run of many steps: its memory must not grow with them."""

import os
import pathlib
import subprocess
import sys
import time

import numpy as np

from mtl_jax import records
from tests.faults.load import at_once

EVERY = 2000  # steps between evaluations
WARM = 0.2  # share of the steps that is not counted
MOST = 5.0  # MB per 100,000 steps


def run(steps: int, folder: pathlib.Path) -> dict:
  """Trains so many steps and fits a line to the resident memory.

  Args:
    steps: of the run.
    folder: empty.

  Returns:
    Of an `Outcome`: `silent` is 1 where the memory grows.
  """
  taken, memory = watched(steps, folder)
  warm = taken >= WARM * steps
  slope, grown = 0.0, ''
  if len({*taken[warm]}) > 2:
    slope = 1e5 * np.polyfit(taken[warm], memory[warm], 1)[0]
    low, high = memory[warm].min(), memory[warm].max()
    grown = (
      f'resident memory grows by {slope:.2f} MB per 100,000 steps '
      f'({low:.0f} to {high:.0f} MB after the first fifth)'
    )
  last = max(r['step'] for r in lines(folder) if r['kind'] == 'eval')
  return {
    'trials': 1,
    'lost': int(last != steps),
    'silent': int(slope > MOST),
    'note': f'{steps:,} steps; {grown}',
  }


def watched(steps: int, folder: pathlib.Path) -> tuple[np.ndarray, np.ndarray]:
  """Steps and resident memory in MB, from time to time."""
  evals = max(steps // EVERY, 1)
  words = str(folder / 'long'), 'local', '1', str(steps), str(evals)
  job = subprocess.Popen(
    [sys.executable, '-m', 'tests.faults.load.sweep', *words],
    cwd=at_once.ROOT,
    env=at_once.environment(folder),
  )
  taken, memory = [], []
  while job.poll() is None:
    time.sleep(0.5)
    step = max((r.get('step') or 0 for r in lines(folder)), default=0)
    if step and (resident := _resident(job.pid)):
      taken.append(step)
      memory.append(resident)
  assert job.returncode == 0
  return np.array(taken), np.array(memory)


def lines(folder: pathlib.Path) -> list[dict]:
  """Records of the run."""
  cells = folder.glob('long/cells/*')
  return [line for cell in cells for line in records.read(cell)]


def _resident(pid: int) -> float:
  try:
    pages = pathlib.Path(f'/proc/{pid}/statm').read_text().split()[1]
  except (OSError, IndexError):  # It has just ended.
    return 0.0
  return int(pages) * os.sysconf('SC_PAGE_SIZE') / 1e6
