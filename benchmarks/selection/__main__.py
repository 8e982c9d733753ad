"""Simulates the choice among settings that are equally good.

  python -m benchmarks.selection

Writes selection.csv and README.md. Takes half a minute on one core.
"""

import pathlib

from absl import flags

from benchmarks import commands
from experiments import lazy

with lazy.imports():
  from benchmarks import results
  from benchmarks.selection import page, simulation

REPEATS = flags.DEFINE_integer('repeats', 2000, 'Data sets per case.', 2)
RESPLITS = (3, 10, 30)
OUT = flags.DEFINE_string(
  'out', 'docs/results/selection', 'Folder of the results.'
)


def main(_) -> None:
  folder = pathlib.Path(OUT.value)
  cases = [simulation.Case(count) for count in RESPLITS]
  found = [
    {k: f'{v:.4g}' if isinstance(v, float) else v for k, v in row.items()}
    for case in cases
    for row in simulation.simulate(case, REPEATS.value)
  ]
  results.write(folder / 'selection.csv', found)
  page.write(folder, cases[0].rows[0])
  print(page.table(results.read(folder / 'selection.csv')))


if __name__ == '__main__':
  commands.run(main)
