"""What the records of a cell keep when its training is resumed."""

import pathlib

from mtl_jax import records
from mtl_jax.cells import Cell


def drop_later(cell: Cell, folder: pathlib.Path, periods: int) -> None:
  """Removes records that are about to be made again.

  A job that has ended between a record and the next checkpoint, however it
  ended, leaves records that the checkpoint does not know of.

  Args:
    cell: what is trained.
    folder: of the cell; it may have no records.
    periods: evaluation periods in the checkpoint, over all chunks; 0 if there
      is none.
  """
  number, of_chunk = divmod(periods, cell.evals)
  chunks = cell.chunks()
  first = chunks[number].first if number < len(chunks) else len(cell.runs)
  end = first + len(chunks[number].runs) if number < len(chunks) else first
  step = of_chunk * cell.sizes.steps

  def stays(line: dict) -> bool:
    if line['kind'] in ('cost', 'done'):  # They are the last of a cell.
      return False
    if 'run' not in line or line['run'] < first:
      return True
    of_period = line['kind'] in ('eval', 'probe') and line['run'] < end
    return of_period and of_chunk > 0 and line['step'] <= step

  records.keep(folder, stays)
