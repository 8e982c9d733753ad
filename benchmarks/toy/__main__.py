"""Runs the balancers on a problem of two parameters with a Pareto front.

  python -m benchmarks.toy                    # every balancer, FAMO's setting
  python -m benchmarks.toy --setting=cagrad   # the setting of CAGrad's claim

Takes a minute on two cores. The rows of the other setting stay in toy.csv, from
which the page is written.
"""

import pathlib
import time

from absl import flags

from benchmarks import commands
from experiments import lazy

with lazy.imports():
  from benchmarks import results
  from benchmarks.toy import figures, page, problem, runs

SETTING = flags.DEFINE_enum(
  'setting', 'famo', ['famo', 'cagrad'], 'Whose scale and starting points.'
)
OUT = flags.DEFINE_string('out', 'docs/results/toy', 'Folder of the results.')


def main(_) -> None:
  name, folder = SETTING.value, pathlib.Path(OUT.value)
  setting, path = problem.SETTINGS[name], folder / 'toy.csv'
  # CPU time is of both threads, and includes compilation, like wall time.
  began = time.perf_counter(), time.process_time()
  walks = runs.run(setting)
  seconds = time.perf_counter() - began[0], time.process_time() - began[1]
  new = runs.rows(name, setting, walks)
  old = [row for row in results.read(path) if row['setting'] != name]
  order = list(problem.SETTINGS)
  rows = sorted(old + new, key=lambda row: order.index(row['setting']))
  results.write(path, rows)
  for file, methods in figures.files(name, setting).items():
    figures.save(folder / file, setting, {m: walks[m] for m in methods})
  page.write(folder)
  print(page.table(new))
  print(f'{seconds[0]:.1f} s, compilation included; {seconds[1]:.1f} s of CPU')


if __name__ == '__main__':
  commands.run(main)
