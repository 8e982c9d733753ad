"""What is done where files of a cell are damaged: told, and trained again."""

import functools
import pathlib
import shutil
import sys
from collections.abc import Callable

from mtl_jax import records
from mtl_jax.cells import Cell
from mtl_jax.records import digests, lines, model_files
from mtl_jax.records.digests import Problem
from mtl_jax.run import kept

DAMAGED = '.damaged'  # added to the name of a file that is set aside


def before(folder: pathlib.Path, identity: dict) -> None:
  """Mends what needs no training, before any cell of a command is trained.

  `config.json` is written anew where it is damaged, or a finished cell lacks
  it. Checkpoints of a finished cell are removed, which a process has left that
  was killed just then.

  Args:
    folder: of the cell.
    identity: of the cell, which `config.json` holds.
  """
  if what := _of_config(folder):
    records.write_config(folder, identity)
    _print(f'{folder / lines.CONFIG} was damaged ({what}) and is written anew')
  if (folder / 'checkpoints').is_dir() and records.finished(folder):
    shutil.rmtree(folder / 'checkpoints', ignore_errors=True)


def _of_config(folder: pathlib.Path) -> str:
  """What is wrong with `config.json`, in a few words; '' if nothing is."""
  try:
    digests.read(folder / lines.CONFIG, '')
  except digests.DamagedError as error:
    return error.problem.what
  except FileNotFoundError:
    return 'it is missing' if records.finished(folder) else ''
  return ''


def needed(cell: Cell, folder: pathlib.Path) -> Problem | None:
  """Why a finished cell has to be trained again; None if it has not.

  Measures of interference are read by reports, and a model only where
  `config.keep` asks for it by name.

  Args:
    cell: the cell.
    folder: of the cell.
  """
  for path in sorted(folder.glob('*.npy')):
    if problem := _of_file(
      path, _changed(path), _changed(digests.beside(path))
    ):
      return problem
  if cell.config.get('keep', 'auto') != 'best' or cell.groups:
    return None
  return _of_model(folder, _changed(folder / model_files.MODEL))


def begin(cell: Cell, folder: pathlib.Path, say: Callable[[str], None]) -> None:
  """Prepares the folder of a cell that is trained now.

  Nothing is left of a finished cell of which something is damaged, nor of one
  whose records are damaged; those are kept beside it.

  Args:
    cell: the cell.
    folder: of the cell.
    say: takes a line for each file that is damaged.
  """
  if records.finished(folder):
    if problem := needed(cell, folder):
      say(f'{cell.name}: {_told(problem)}; it is trained again')
      _clear(folder)
  elif problem := of_records(folder):
    there = problem.path.exists()
    kept_as = f'it is kept as {lines.FILE}{DAMAGED}, and ' if there else ''
    say(f'{cell.name}: {_told(problem)}; {kept_as}the cell is trained again')
    set_aside(folder)
  elif problem := kept.problem(folder):
    say(f'{cell.name}: {_told(problem)}; the cell is trained again')
    shutil.rmtree(folder / kept.WAITING, ignore_errors=True)
    shutil.rmtree(folder / 'checkpoints', ignore_errors=True)
  _say_cut(cell, folder, say)


def begin_reference(folder: pathlib.Path) -> None:
  """The same for a cell of linear models or trees, which writes all at once."""
  if problem := of_records(folder):
    _print(f'{_told(problem)}; its models are fitted again')
    set_aside(folder)


def of_records(folder: pathlib.Path) -> Problem | None:
  """What is wrong with the records of a cell; None if nothing is.

  Args:
    folder: of a cell that is not finished.
  """
  path = folder / lines.FILE
  if problem := lines.problem(folder):
    return problem
  if digests.beside(path).exists():  # The cell was finished once.
    return next(digests.problems(path), None)
  if not (folder / lines.CONFIG).exists():
    return None
  if not path.exists() or not path.stat().st_size:
    what = 'it is empty' if path.exists() else 'it is missing'
    return Problem(path, what, lines.REMEDY)
  return _of_start(folder, path)


def _of_start(folder: pathlib.Path, path: pathlib.Path) -> Problem | None:
  """Records of what a checkpoint has behind it must all be there."""
  for saved in folder.glob(f'checkpoints/*/*{digests.SUFFIX}'):
    try:
      start = digests.read(saved, '').get('records')
    except digests.DamagedError:
      continue  # This checkpoint will not be used.
    if start and not digests.starts_with(folder, start):
      return Problem(path, 'records are missing', lines.REMEDY)
  return None


def set_aside(folder: pathlib.Path) -> None:
  """Sets damaged records aside, and removes all that belongs to them."""
  path = folder / lines.FILE
  if path.exists():
    path.replace(path.with_name(path.name + DAMAGED))
  _clear(folder)


def _clear(folder: pathlib.Path) -> None:
  digests.forget(folder / lines.FILE)
  # In this order: a cell that has begun, without records, would be damaged.
  for name in (lines.CONFIG, lines.FILE):
    (folder / name).unlink(missing_ok=True)
  for name in ('checkpoints', kept.WAITING):
    shutil.rmtree(folder / name, ignore_errors=True)


def _say_cut(cell: Cell, folder: pathlib.Path, say: Callable) -> None:
  path = folder / lines.FILE
  content = path.read_bytes() if path.exists() else b''
  if content and not content.endswith(b'\n'):
    say(f'{cell.name}: the last line of {path} is cut off; it is written again')


def _told(problem: Problem) -> str:
  return f'{problem.path} is damaged ({problem.what})'


def _changed(path: pathlib.Path) -> int:
  return path.stat().st_mtime_ns if path.exists() else 0


# Once per process and file: models and measures may be large.
@functools.cache
def _of_file(path: pathlib.Path, *_: int) -> Problem | None:
  return next(digests.problems(path, lines.REMEDY), None)


@functools.cache
def _of_model(folder: pathlib.Path, _: int) -> Problem | None:
  return model_files.problem(folder)


def _print(text: str) -> None:
  print(text, file=sys.stderr)
