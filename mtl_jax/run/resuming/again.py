"""A finished cell is trained again, for a model that it lacks.

That is done in a folder inside its own, so that the cell stays finished for
other commands meanwhile.
"""

import pathlib
import shutil
from collections.abc import Callable

from mtl_jax import records
from mtl_jax.cells import Cell
from mtl_jax.records import digests, lines
from mtl_jax.records.model_files import MODEL
from mtl_jax.run.resuming import repairs


def begin(cell: Cell, folder: pathlib.Path, say: Callable[[str], None]) -> None:
  """Prepares the folder that a cell is trained in, see `place`.

  Args:
    cell: the cell.
    folder: of the cell.
    say: takes a line for each file that is damaged.
  """
  repairs.begin(cell, folder, say)
  own = place(folder)
  # Of no more use: a training that ended without a model, or one that another
  # command began when the cell was whole.
  if own == folder or records.finished(own):
    shutil.rmtree(folder / lines.RETRAINED, ignore_errors=True)
  if own != folder:
    repairs.begin(cell, own, say)


def place(folder: pathlib.Path) -> pathlib.Path:
  """Returns the folder that a cell is trained in.

  Args:
    folder: of the cell.
  """
  return folder / lines.RETRAINED if records.finished(folder) else folder


def take_over(folder: pathlib.Path) -> None:
  """Moves a training that has ended into the folder of its cell.

  A process that was killed meanwhile has left the rest, which is moved then.
  Nothing is done where there is none, or where it goes on.

  Args:
    folder: of the cell.
  """
  own = folder / lines.RETRAINED
  has_records = (own / lines.FILE).exists()
  if not (records.finished(own) if has_records else (own / MODEL).exists()):
    return
  shutil.rmtree(own / 'checkpoints', ignore_errors=True)
  for path in sorted(own.iterdir(), key=_turn):
    # What is moved has no digest rather than one that does not fit.
    digests.forget(folder / path.name)
    if path.is_dir():
      shutil.rmtree(folder / path.name, ignore_errors=True)
    path.replace(folder / path.name)
  own.rmdir()


def _turn(path: pathlib.Path) -> tuple[int, str]:
  # The records first: without them the rest has to follow. The model is whole
  # once it has its file. Digests follow what they are of.
  last = {lines.FILE: 0, MODEL: 2}.get(path.name, 1)
  return last, path.name
