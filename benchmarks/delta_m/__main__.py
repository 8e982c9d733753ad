"""Recomputes published Delta_m from the cells of the published rows.

  python -m benchmarks.delta_m

Writes delta_m.csv and README.md. Takes a second; nothing is trained.
"""

import pathlib

from absl import app, flags

from experiments import lazy

with lazy.imports():
  from benchmarks import results
  from benchmarks.delta_m import page, rows, tables

OUT = flags.DEFINE_string(
  'out', 'docs/results/delta_m', 'Folder of the results.'
)


def main(_) -> None:
  folder = pathlib.Path(OUT.value)
  published = tables.load()
  found = rows.rows(published)
  results.write(folder / 'delta_m.csv', found)
  page.write(folder, published)
  print(page.answer(found))
  for table, row, check in rows.named(published):
    print(f'{table.name} {row.method}: {check.verdict}')


if __name__ == '__main__':
  app.run(main)
