"""Recomputes published Delta_m from the cells of the published rows.

  python -m benchmarks.delta_m

Writes delta_m.csv and README.md. Takes a second; nothing is trained.
"""

import pathlib
import sys

from benchmarks import commands
from experiments import lazy
from mtl_jax.errors import InputError

with lazy.imports():
  from benchmarks import results
  from benchmarks.delta_m import page, rows, tables

FOLDER = 'docs/results/delta_m'


def main() -> int:
  """Writes the page and the CSV file, and returns the exit code."""
  parser = commands.parser('benchmarks.delta_m', __doc__)
  parser.add_argument('--out', default=FOLDER, help='folder of the results')
  folder = pathlib.Path(parser.parse_args().out)
  try:
    commands.make_folder(folder)
  except InputError as error:
    print(f'error: {error}', file=sys.stderr)
    return 2
  _write(folder)
  return 0


def _write(folder: pathlib.Path) -> None:
  published = tables.load()
  found = rows.rows(published)
  results.write(folder / 'delta_m.csv', found)
  page.write(folder, published)
  print(page.answer(found))
  for table, row, check in rows.named(published):
    mean = (
      '; its mean is not that of its cells'
      if check.mean_off is not None
      else ''
    )
    print(f'{table.name} {row.method}: {check.verdict}{mean}')


if __name__ == '__main__':
  sys.exit(main())
