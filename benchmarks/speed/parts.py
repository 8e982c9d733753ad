"""Profiles a step of every workload and lists its costliest parts.

python -m benchmarks.speed.parts --workloads=mlp_equal,lenet_equal

Writes parts.csv and the page.
"""

import pathlib
import tempfile

from absl import flags

from benchmarks import commands
from benchmarks.speed import workloads
from experiments import lazy

with lazy.imports():
  from benchmarks.speed import ours, page
  from mtl_jax.programs import profiling

WORKLOADS = flags.DEFINE_list(
  'workloads', list(workloads.STEPS), 'Workloads to profile.'
)
OUT = flags.DEFINE_string('out', 'docs/results', 'Folder of the results.')
SEEDS = 8
SHOWN = 5  # parts of a workload


def main(_) -> None:
  workloads.check(WORKLOADS.value, workloads.STEPS)
  import pandas as pd  # not at the top: `--help` does without it

  folder = pathlib.Path(OUT.value)
  rows = [row for name in WORKLOADS.value for row in parts(name)]
  pd.DataFrame(rows).to_csv(folder / 'parts.csv', index=False)
  page.main(folder)


def parts(name: str) -> list[dict]:
  """Returns the costliest parts of a step, with their share of its time."""
  config = ours.configure(workloads.STEPS[name], SEEDS)
  cell = ours.make_cell(config)
  with tempfile.TemporaryDirectory() as folder:
    profile = profiling.profile(cell, pathlib.Path(folder), repeats=3)
  rows = [
    {'workload': name, 'part': part, 'share': round(share, 4)}
    for part, share in profile.parts[:SHOWN]
  ]
  print(f'{name}: {rows}', flush=True)
  return rows


if __name__ == '__main__':
  commands.run(main)
