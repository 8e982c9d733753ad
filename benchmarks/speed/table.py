"""The table workload: all of `make table` against its cells in LibMTL.

On the side of mtl_jax the command runs in a process of its own and a new
workdir, from its start to the written page. It is timed with an empty
compilation cache and again with the cache that it left. LibMTL trains every
scheme for some steps, one after the other; the time is scaled to all steps and
seeds.
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


def times(python: str, count: int) -> detail.Timings:
  """Measures the milliseconds of a whole table in every round.

  Args:
    python: the interpreter that has the peers.
    count: rounds.
  """
  with tempfile.TemporaryDirectory() as folder:
    rows = pathlib.Path(folder) / 'rows.npz'
    drawn_rows.write(workloads.STEPS['mlp_equal'], rows)
    with sides.opened(commands(python, rows)) as opened:
      ms = {way: [] for way in (OURS, WARM, *opened)}
      for number in range(count):
        round_folder = pathlib.Path(folder) / str(number)
        ms[OURS].append(ours(round_folder, 'cold'))
        ms[WARM].append(ours(round_folder, 'warm'))
        for way, side in opened.items():
          side.steps = PART  # instead of `calibrate`
          ms[way].append(side.train() * STEPS * SEEDS)
      about = {way: {**s.about, 'steps': PART} for way, s in opened.items()}
  about[OURS] = about[WARM] = {'steps': STEPS}
  return detail.Timings(ms, about)


def commands(python: str, rows: pathlib.Path) -> dict:
  """Returns the commands of both ways of LibMTL: all threads, or pinned.

  Args:
    python: the interpreter that has the peers.
    rows: the file of rows that they read.
  """
  command = (python, 'peers.table', 'table', str(rows))
  pinned = [(*command, str(core)) for core in sides.cores()]
  return {'libmtl threads': [command], 'libmtl pinned': pinned}


def command(workdir: pathlib.Path) -> list[str]:
  """Returns the command that `make table` runs."""
  return [
    *(sys.executable, '-m', 'experiments.compare'),
    '--config=configs/actg175.py',
    '--schemes=' + ','.join(SCHEMES),
    f'--workdir={workdir}',
  ]


def ours(folder: pathlib.Path, name: str) -> float:
  """Runs the command and returns its milliseconds.

  Args:
    folder: holds the compilation cache, which all runs in it share.
    name: of the workdir in it.

  Raises:
    InputError: the command failed.
  """
  began = time.perf_counter()
  done = subprocess.run(
    command(folder / name),
    cwd=sides.ROOT,
    # The same cache for both commands of a round, a new one for each round.
    env={**os.environ, 'JAX_COMPILATION_CACHE_DIR': str(folder / 'cache')},
    capture_output=True,
    text=True,
    check=False,
  )
  if done.returncode:
    raise InputError(
      f'experiments.compare ended with exit code {done.returncode}; the end of '
      f'its messages: {" ".join(done.stderr.split())[-500:]}'
    )
  return 1000 * (time.perf_counter() - began)
