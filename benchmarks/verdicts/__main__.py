"""Simulates tables whose truth is known, and counts their verdicts.

  python -m benchmarks.verdicts            # 2000 tables per setting
  python -m benchmarks.verdicts --smoke    # 40, to see that it runs

Writes verdicts.csv and README.md into docs/results/verdicts. Takes about ten
minutes on one core.
"""

import itertools
import pathlib
import time

from benchmarks import commands
from experiments import lazy

with lazy.imports():
  from benchmarks.verdicts import counts, page, worlds
  from mtl_jax.records import atomic

TABLES, FEW = 2000, 40


def main() -> None:
  """Simulates all settings and writes the files."""
  options = commands.parser('benchmarks.verdicts', __doc__)
  options.add_argument('--smoke', action='store_true', help='few tables')
  options.add_argument('--out', default='docs/results/verdicts')
  given = options.parse_args()
  import pandas as pd

  began, rows = time.perf_counter(), []
  kinds = itertools.product(('resplit', 'fixed'), worlds.LEARNERS)
  for seed, (split, learner) in enumerate(kinds):
    tables = FEW if given.smoke else TABLES
    values = counts.simulate(split, learner, tables, seed)
    for seeds, size in itertools.product(counts.SEEDS, counts.ROWS):
      setting = counts.Setting(split, learner, seeds, size)
      rows += counts.rows_of(values, setting)
    print(
      f'{split}, {learner}: {time.perf_counter() - began:.0f} s', flush=True
    )
  frame, folder = pd.DataFrame(rows), pathlib.Path(given.out)
  text = frame.to_csv(index=False, float_format='%.5g', lineterminator='\n')
  atomic.write(folder / 'verdicts.csv', text)
  seconds = time.perf_counter() - began
  atomic.write(folder / 'README.md', page.markdown(frame, seconds))


if __name__ == '__main__':
  main()
