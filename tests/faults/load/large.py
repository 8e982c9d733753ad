"""A report of many cells, whose records are made without training."""

import pathlib
import time

import pandas as pd

from mtl_jax.report import results
from mtl_jax.report.compare import page
from tests.report import fake


def run(count: int, folder: pathlib.Path) -> dict:
  """Writes table, figures and page of so many cells.

  Args:
    count: number of cells.
    folder: empty.

  Returns:
    Of an `Outcome`: `lost` and `doubled` are rows of the table.
  """
  names = ['single', *(f'way_{i:03d}' for i in range(count - 1))]
  for i, name in enumerate(names):
    fake.cell(folder / 'cells', name, shift=0.001 * (i % 50))
  began, computed = time.monotonic(), time.process_time()
  cells = [results.load(folder / 'cells' / name) for name in names]
  page.write(cells, folder / 'report')
  seconds = time.monotonic() - began
  computed = time.process_time() - computed
  frame = pd.read_csv(folder / 'report' / 'table.csv')
  rows = frame[frame['metric'] == 'delta_m']['scheme'].value_counts()
  text = (folder / 'report' / 'report.html').read_text('utf-8')
  return {
    'trials': 1,
    'lost': sum(name not in rows or name not in text for name in names[1:]),
    'doubled': int((rows > 1).sum()),
    'note': f'{count} cells in {seconds:.0f} s, of which the processor '
    f'computed {computed:.0f} s, with all figures',
  }
