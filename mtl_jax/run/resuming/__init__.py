"""Where a cell goes on, and which records it has then: each one once.

Records are written at every evaluation, checkpoints less often. A process that
was killed may have left records that no checkpoint covers: they are removed,
and written again, equal to the bit.
"""

import pathlib
from typing import NamedTuple

from mtl_jax import records
from mtl_jax.cells import Cell
from mtl_jax.processes import hosts
from mtl_jax.run.checkpoints import Checkpoints
from mtl_jax.run.progress import Live, RecordedProgress

RESULTS = ('test', 'failed')
OF_A_RUN = ('eval', 'probe', *RESULTS)


class Reached(NamedTuple):
  """How far the training of a cell has come.

  Attributes:
    first: number of the first run that is not trained to its end.
    step: steps that it has taken.
  """

  first: int = 0
  step: int = 0


def begin(
  cell: Cell,
  folder: pathlib.Path,
  checkpoints: Checkpoints,
  live: Live | RecordedProgress,
) -> int | None:
  """Removes the records behind the point from which a cell goes on.

  All processes of a job must call it.

  Args:
    cell: what is trained.
    folder: of the cell.
    checkpoints: of the cell; they are removed where records are missing, and
      those of another number of runs per program where the cell begins anew.
    live: says so.

  Returns:
    The number of the checkpoint to restore; None begins with the first step.
  """
  latest = checkpoints.latest()
  at = _reached(cell, latest or 0)
  # Process 0 alone has the records.
  if latest and not hosts.from_process_0(covers(folder, at)):
    checkpoints.discard()
    live.say(
      f'{cell.name}: its records end before its checkpoint; it begins anew'
    )
    latest, at = None, Reached()
  if latest is None:
    checkpoints.remove_others()
  drop(folder, at)
  return latest


def _reached(cell: Cell, period: int) -> Reached:
  """Where a cell is after a number of evaluation periods, over all chunks."""
  chunk, done = divmod(period, cell.evals)
  firsts = [chunk.first for chunk in cell.chunks()]
  first = [*firsts, len(cell.runs)][chunk]
  return Reached(first, done * cell.sizes.steps)


def covers(folder: pathlib.Path, at: Reached) -> bool:
  """Whether the records reach as far as a checkpoint.

  A power failure may have lost the last ones, or an earlier version may have
  begun the cell anew with another number of runs per program.

  Args:
    folder: of the cell.
    at: where the checkpoint was written.
  """
  lines = [line for line in records.read(folder) if 'run' in line]
  tested = {line['run'] for line in lines if line['kind'] in RESULTS}
  evaluated = {
    line['step']
    for line in lines
    if line['kind'] == 'eval' and line['run'] >= at.first
  }
  return tested >= set(range(at.first)) and at.step in {0, *evaluated}


def drop(folder: pathlib.Path, at: Reached) -> None:
  """Removes the records behind a point.

  Args:
    folder: of the cell.
    at: the point.
  """
  for number, line in enumerate(records.read(folder)):
    if _is_behind(line, at):
      records.cut(folder, number)
      return


def _is_behind(line: dict, at: Reached) -> bool:
  if line['kind'] not in OF_A_RUN:
    return line['kind'] in ('cost', 'done')
  if line['run'] < at.first:
    return False
  return line['kind'] in RESULTS or not at.step or line['step'] > at.step
