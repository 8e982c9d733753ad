"""Measures the CPU seconds of compiling a cell, and how fast it trains.

  python -m benchmarks.speed.compiling

The cells are those of `make table` and one with a gradient balancer, each in a
process of its own with an empty cache. CPU seconds are used because other jobs
disturb them less than wall time. Steps per second are the sum over all ten
runs, in the best of several periods. Writes docs/results/compiling.csv and
docs/performance.md.

This file imports little of the repository, so that a copy of it can measure an
older version.
"""

import argparse
import csv
import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).parents[2]
OUT = pathlib.Path('docs/results/compiling.csv')
CELLS = (
  ('hard', 'equal'),
  ('single', 'equal'),
  ('soft_l2', 'equal'),
  ('soft_trace', 'equal'),
  ('cross_stitch', 'equal'),
  ('mmoe', 'equal'),
  ('hard', 'pcgrad'),
)
PERIODS = 8


def main() -> None:
  """Measures all cells, or the one that the command line names."""
  parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
  )
  parser.add_argument(
    'cell', nargs='*', help='scheme and balancer; measured in this process'
  )
  cell = parser.parse_args().cell
  if len(cell) not in (0, 2):
    parser.error('give a scheme and a balancer, or neither')
  if cell:
    print(json.dumps(worker(*cell)))
  else:
    write([measured(*pair) for pair in CELLS])


def write(rows: list[dict[str, str]]) -> None:
  """Writes the CSV file and the page."""
  with OUT.open('w', newline='', encoding='utf-8') as file:
    writer = csv.DictWriter(file, list(rows[0]), lineterminator='\n')
    writer.writeheader()
    writer.writerows(rows)
  from benchmarks.speed import page

  page.main(OUT.parent)


def measured(scheme: str, balancer: str) -> dict[str, str]:
  """Measures a cell in a new process without any cache.

  Args:
    scheme: `config.scheme`.
    balancer: `config.balancer`.

  Returns:
    The cell's row of compiling.csv.
  """
  command = [
    sys.executable,
    '-m',
    'benchmarks.speed.compiling',
    scheme,
    balancer,
  ]
  output = subprocess.run(
    command,
    cwd=ROOT,
    # Neither a cache nor flags of the caller, which change the compiler's work.
    env={**os.environ, 'MTL_JAX_CACHE': '', 'XLA_FLAGS': ''},
    capture_output=True,
    text=True,
    check=True,
  ).stdout
  line = json.loads(output.splitlines()[-1])
  print(line, flush=True)
  return line


def worker(scheme: str, balancer: str) -> dict[str, str]:
  """Makes, compiles and trains one cell in this process.

  Args:
    scheme: `config.scheme`.
    balancer: `config.balancer`.

  Returns:
    The cell's row of compiling.csv.
  """
  import jax

  from configs import actg175
  from mtl_jax import cells, devices
  from mtl_jax.cells import build
  from mtl_jax.programs import compiled

  devices.use_every_core()
  config = actg175.get_config()
  config.scheme, config.balancer = scheme, balancer
  # Loading the data set is not part of the measurement.
  datas = build.data(config)
  began = time.process_time()
  cell = cells.make(config, datas)
  traced = time.process_time()
  made, inputs = compiled.prepare(cell)
  prepared = time.process_time()
  state, seconds = made.start(inputs), []
  for _ in range(PERIODS):
    start = time.perf_counter()
    state, *records = jax.block_until_ready(made.period(inputs, state))
    jax.device_get(records)
    seconds.append(time.perf_counter() - start)
  steps = len(cell.runs) * config.steps // config.evals
  return {
    'scheme': scheme,
    'balancer': balancer,
    'tracing_cpu_seconds': f'{traced - began:.3g}',
    'compiling_cpu_seconds': f'{prepared - traced:.3g}',
    # The best period, which other jobs disturbed least.
    'steps_per_second': f'{steps / min(seconds):.4g}',
  }


if __name__ == '__main__':
  main()
