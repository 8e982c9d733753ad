"""The table workload: the whole of `make table` against its cells in LibMTL.

Ours is the command in a process of its own, from its start to the written
page, in a fresh workdir. It is timed with an empty compilation cache, and once
more with the cache that this left. LibMTL trains every scheme for some steps,
one after the other, scaled to all steps and seeds.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

from benchmarks.speed import detail, drawn_rows, sides, workloads
from mtl_jax.errors import InputError

SCHEMES = ('hard', 'soft_l2', 'soft_trace', 'cross_stitch', 'mmoe')
STEPS, SEEDS = 1000, 10
PART = 50  # steps of each of LibMTL's trainings in one round
OURS, WARM = 'ours', 'ours warm'


def times(python: str, count: int) -> detail.Found:
  """Milliseconds of a whole table in every round."""
  with tempfile.TemporaryDirectory() as folder:
    rows = pathlib.Path(folder) / 'rows.npz'
    drawn_rows.write(workloads.STEPS['mlp_equal'], rows)
    with sides.opened(commands(python, rows)) as opened:
      found = {way: [] for way in (OURS, WARM, *opened)}
      for number in range(count):
        round_folder = pathlib.Path(folder) / str(number)
        found[OURS].append(ours(round_folder, 'cold'))
        found[WARM].append(ours(round_folder, 'warm'))
        for way, side in opened.items():
          side.steps = PART
          found[way].append(side.train() * STEPS * SEEDS)
      told = {way: {**s.about, 'steps': PART} for way, s in opened.items()}
  told[OURS] = told[WARM] = {'steps': STEPS}
  return detail.Found(found, told)


def commands(python: str, rows: pathlib.Path) -> dict:
  """LibMTL as one process and as one on every core."""
  command = (python, 'peers.table', 'table', str(rows))
  pinned = [(*command, str(core)) for core in sides.cores()]
  return {'libmtl threads': [command], 'libmtl pinned': pinned}


def command(workdir: pathlib.Path) -> list[str]:
  """What `make table` runs."""
  return [
    *(sys.executable, '-m', 'experiments.compare'),
    '--config=configs/actg175.py',
    '--schemes=' + ','.join(SCHEMES),
    f'--workdir={workdir}',
  ]


def ours(folder: pathlib.Path, name: str) -> float:
  """Milliseconds of the command; runs in one folder share a cache."""
  began = time.perf_counter()
  done = subprocess.run(
    command(folder / name),
    cwd=sides.ROOT,
    env={**os.environ, 'JAX_COMPILATION_CACHE_DIR': str(folder / 'cache')},
    capture_output=True,
    text=True,
    check=False,
  )
  if done.returncode:
    raise InputError(f'the table ended with {done.returncode}: {done.stderr}')
  return 1000 * (time.perf_counter() - began)
