"""What the records of a cell keep when its training is resumed."""

import pathlib
from typing import NamedTuple

from mtl_jax import records
from mtl_jax.cells import Chunk


class Trained(NamedTuple):
  """How far a cell is trained.

  Attributes:
    periods: evaluation periods that are done, over all chunks.
    evals: of each chunk.
    steps: of each of its periods but the last.
  """

  periods: int
  evals: int
  steps: int


def drop_later(
  folder: pathlib.Path, chunks: list[Chunk], trained: Trained
) -> None:
  """Removes records that are about to be made again.

  A job that has ended between a record and the next checkpoint, however it
  ended, leaves records that the checkpoint does not know of.

  Args:
    folder: of the cell; it may have no records.
    chunks: of the cell.
    trained: how far, by its newest checkpoint.
  """
  number, periods = divmod(trained.periods, trained.evals)
  starts = [chunk.first for chunk in chunks]
  ends = [chunk.first + len(chunk.runs) for chunk in chunks]
  first = [*starts, ends[-1]][number]  # run that is not trained to its end
  end = [*ends, ends[-1]][number]

  def stays(line: dict) -> bool:
    if line['kind'] in ('cost', 'done'):  # They are the last of a cell.
      return False
    if 'run' not in line or line['run'] < first:
      return True
    began = periods > 0 and line['run'] < end
    of_period = began and line['kind'] in ('eval', 'probe')
    return of_period and line['step'] <= periods * trained.steps

  records.keep(folder, stays)
