"""Digests of prepared data sets: damaged ones are removed, and made again."""

import contextlib
import functools
import pathlib
import shutil
import sys
from collections.abc import Iterator

from mtl_jax.errors import InputError
from mtl_jax.records import digests, locks

NAME = 'prepared'  # of the digests of what TFDS has written in a folder
INFO = 'dataset_info.json'  # TFDS writes it last


@functools.cache  # Once per process.
def remove_damaged(home: pathlib.Path) -> None:
  """Removes the data sets whose description is damaged, and says so.

  TFDS reads descriptions as soon as a builder is made, before anything is
  prepared, and raises errors that name no file.

  Args:
    home: folder of prepared data.
  """
  # A folder is NAME/VERSION, or NAME/CONFIG/VERSION of a configured builder.
  name = f'{NAME}{digests.SUFFIX}'
  for file in [*home.glob(f'*/*/{name}'), *home.glob(f'*/*/*/{name}')]:
    if _of_description(file.parent):
      with lock(file.parent):
        # Another process may have done it while this one waited.
        if what := _of_description(file.parent):
          remove(file.parent, what)


def needed(folder: pathlib.Path) -> bool:
  """Whether data have to be prepared: there are none, or they are damaged."""
  return not (folder / INFO).exists() or bool(problem(folder))


def problem(folder: pathlib.Path) -> str:
  """What is wrong with prepared data, in words; '' if nothing is."""
  done = folder / INFO
  return _problem(folder, done.stat().st_mtime_ns) if done.exists() else ''


@functools.cache  # Once per process, since data may be large.
def _problem(folder: pathlib.Path, _: int) -> str:
  return _first(digests.problems(folder / NAME))


def _of_description(folder: pathlib.Path) -> str:
  """What is wrong with the small files, in words; '' if nothing is."""
  every = digests.problems(folder / NAME, only=('.json', '.txt'))
  return _first(every)


def _first(problems: Iterator[digests.Problem]) -> str:
  found = next(problems, None)
  return f'{found.path} is damaged ({found.what})' if found else ''


def remove(folder: pathlib.Path, what: str) -> None:
  """Removes a data set.

  Args:
    folder: of the data set.
    what: is wrong with it, which is printed; '' prints nothing.

  Raises:
    InputError: it cannot be removed.
  """
  if what:
    print(f'{what}: the data set is prepared anew', file=sys.stderr)
  shutil.rmtree(folder, ignore_errors=True)
  if folder.exists():
    raise InputError(f'{folder} is not whole and cannot be removed; remove it')


def write_digests(folder: pathlib.Path) -> None:
  """Writes the digests of what TFDS has written into a folder."""
  files = {
    path.relative_to(folder).as_posix(): digests.sha256(path)
    for path in sorted(folder.rglob('*'))
    if path.is_file()
  }
  digests.write(digests.beside(folder / NAME), {'sha256': files})


@contextlib.contextmanager
def lock(folder: pathlib.Path) -> Iterator[None]:
  """Lets one process at a time prepare the data of a folder.

  Raises:
    InputError: the folder around it cannot be written to.
  """
  file = folder.parent / f'.{folder.name}.lock'
  try:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
  except OSError as error:
    raise InputError(f'{file.parent}: cannot write there ({error})') from None
  with file.open('w') as handle:
    locks.lock(handle, wait=True)
    yield
