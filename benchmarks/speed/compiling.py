"""CPU seconds until a cell is compiled, and how fast it then trains.

  python -m benchmarks.speed.compiling

Cells of `make table` and one with a balancer of gradients, each in a process of
its own, that finds nothing compiled. Seconds are of the processor, which other
jobs disturb less than the clock; steps per second are of all ten runs together,
the best of some periods. Results go into docs/results/compiling.csv and the
page of performance.
"""

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
  """Measures all cells and writes their lines."""
  found = [measured(*pair) for pair in CELLS]
  with OUT.open('w', newline='', encoding='utf-8') as file:
    writer = csv.DictWriter(file, list(found[0]), lineterminator='\n')
    writer.writeheader()
    writer.writerows(found)
  from benchmarks.speed import page

  page.main(OUT.parent)


def measured(scheme: str, balancer: str) -> dict[str, str]:
  """A cell's line, from a new process without any cache."""
  command = [
    sys.executable,
    '-m',
    'benchmarks.speed.compiling',
    scheme,
    balancer,
  ]
  told = subprocess.run(
    command,
    cwd=ROOT,
    env={**os.environ, 'MTL_JAX_CACHE': '', 'XLA_FLAGS': ''},
    capture_output=True,
    text=True,
    check=True,
  ).stdout
  line = json.loads(told.splitlines()[-1])
  print(line, flush=True)
  return line


def worker(scheme: str, balancer: str) -> dict[str, str]:
  """Makes, compiles and trains one cell."""
  import jax

  from configs import actg175
  from mtl_jax import cells, devices
  from mtl_jax.cells import build
  from mtl_jax.programs import compiled

  devices.use_every_core()
  config = actg175.get_config()
  config.scheme, config.balancer = scheme, balancer
  datas = build.data(config)
  began = time.process_time()
  cell = cells.make(config, datas)
  traced = time.process_time()
  made, inputs = compiled.prepare(cell)
  prepared = time.process_time()
  state, seconds = made.start(inputs), []
  for _ in range(PERIODS):
    start = time.perf_counter()
    state, *told = jax.block_until_ready(made.period(inputs, state))
    jax.device_get(told)
    seconds.append(time.perf_counter() - start)
  steps = len(cell.runs) * config.steps // config.evals
  return {
    'scheme': scheme,
    'balancer': balancer,
    'tracing_cpu_seconds': f'{traced - began:.3g}',
    'compiling_cpu_seconds': f'{prepared - traced:.3g}',
    'steps_per_second': f'{steps / min(seconds):.4g}',
  }


if __name__ == '__main__':
  if sys.argv[1:]:
    print(json.dumps(worker(*sys.argv[1:])))
  else:
    main()
