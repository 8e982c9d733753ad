"""How many rows and independent units stand behind a table, in words."""

from mtl_jax.report.results import Cell

SPLITS = ('train', 'valid', 'test')


def of_splits(cell: Cell) -> str:
  """Returns `1283/428/428 patients train/valid/test`.

  Where there are more rows than units, both are named; where the data names no
  units, rows are.
  """
  head = cell.header
  rows = [head[f'n_{split}'] for split in SPLITS]
  units = head.get('units') or {}
  own = [units.get(split) for split in SPLITS]
  name = units.get('name', 'rows')
  if None in own or own == rows:
    name = 'rows' if None in own else name
    return f'{_slashes(rows)} {name} train/valid/test'
  return (
    f'{_slashes(rows)} rows train/valid/test, behind which stand '
    f'{_slashes(own)} {name}'
  )


def valid_over_train(cell: Cell) -> float | None:
  """Returns validation over training units for resplits; else None."""
  if cell.test_over_train is None:
    return None
  units = cell.header.get('units') or {}
  named = units.get('valid') and units.get('test')
  sizes = units if named else {k: cell.header[f'n_{k}'] for k in SPLITS}
  return cell.test_over_train * sizes['valid'] / sizes['test']


def _slashes(numbers: list[int]) -> str:
  return '/'.join(map(str, numbers))
