"""Records that a cell writes again after its checkpoint are removed first."""

import pathlib

from mtl_jax import records
from mtl_jax.cells import Cell


def rewind(cell: Cell, folder: pathlib.Path, periods: int) -> None:
  """Removes the records that are newer than the checkpoint of a cell.

  A process that is killed has recorded evaluations since its last checkpoint.
  They are trained again and recorded again, so that each is there once.

  Args:
    cell: that is trained.
    folder: of the cell.
    periods: evaluation periods before the checkpoint, over all chunks; 0
      without one.
  """
  number, done = divmod(periods, cell.evals)
  chunks = cell.chunks()
  first = chunks[number].first if number < len(chunks) else len(cell.runs)
  runs = range(first, first + len(chunks[number].runs)) if done else range(0)
  step = done * cell.sizes.steps
  headers = 0

  def stays(line: dict) -> bool:
    nonlocal headers
    if line['kind'] == 'cell':
      headers += 1
    elif 'run' in line:
      before = line['kind'] in ('eval', 'probe') and line['step'] <= step
      return line['run'] < first or (line['run'] in runs and before)
    # A cell that is being trained has no cost yet.
    return line['kind'] != 'cost' and headers < 2

  records.drop(folder, stays)
