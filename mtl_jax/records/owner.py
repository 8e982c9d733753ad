"""A workdir belongs to one configuration: data set, encoder and budget."""

import json
import os
import pathlib
import sys
from typing import Any

from mtl_jax.errors import InputError
from mtl_jax.records import atomic, digests, lines

OWNER = 'config.json'  # the file in a workdir that holds its configuration
PART = atomic.part_prefix(OWNER)
AGAIN = 'run the command of this workdir again, which restores it'


def claim(folder: pathlib.Path, comparable: dict) -> None:
  """Creates the workdir, or checks that it belongs to this configuration.

  A damaged configuration is written anew, if the cells of the workdir belong to
  this one.

  Args:
    folder: the workdir.
    comparable: what all cells of a workdir have in common, as JSON can hold it.

  Raises:
    InputError: if the workdir cannot be written to, holds other files, or
      belongs to another configuration.
  """
  owner = folder / OWNER
  try:
    folder.mkdir(parents=True, exist_ok=True)
    # Two commands may start at once: ignore the temporary file of the other.
    present = [p for p in folder.iterdir() if not p.name.startswith(PART)]
    if present and owner not in present:
      raise InputError(
        f'--workdir {folder} holds other files; name a new or an empty folder'
      )
    if not present:
      atomic.create(owner, digests.text(comparable))
    _check(folder, _read_or_restore(folder, comparable), comparable)
  except OSError as error:
    raise InputError(
      f'--workdir {folder}: {error.strerror}; name a folder that can be written'
    ) from error
  if not os.access(folder, os.W_OK):
    raise InputError(f'--workdir {folder} cannot be written; name another')


def read(folder: pathlib.Path) -> Any:
  """Reads the configuration of a workdir.

  Raises:
    FileNotFoundError: it has none.
    DamagedError: the file is not as it was written.
  """
  return digests.read(folder / OWNER, AGAIN)


def check_folder(folder: pathlib.Path) -> None:
  """Checks a workdir before anything is loaded; nothing is made.

  Args:
    folder: the workdir; it need not exist.

  Raises:
    InputError: if it is a file or lies in one, or cannot be written to.
  """
  try:
    above = [folder, *folder.absolute().parents]
    there = next(path for path in above if path.exists())
  except (OSError, ValueError) as error:  # too long, or with a NUL
    raise InputError(f'--workdir {str(folder)!r:.200}: {error}') from error
  if not there.is_dir():
    raise InputError(f'--workdir {folder}: {there} is a file; name a folder')
  if not os.access(there, os.W_OK):
    raise InputError(f'--workdir {folder} cannot be written; name another')


def _read_or_restore(folder: pathlib.Path, comparable: dict) -> dict:
  try:
    saved = read(folder)
    if not isinstance(saved, dict):
      raise InputError(
        f'{folder / OWNER} is not of mtl_jax; name another folder'
      )
    return saved
  except digests.DamagedError as error:
    problem = error.problem
  # The cells know their configuration, too.
  for path in folder.glob(f'cells/*/{lines.CONFIG}'):
    try:
      known = digests.read(path, AGAIN)
    except digests.DamagedError:
      continue
    _check(folder, {k: known.get(k) for k in comparable}, comparable)
  digests.write(folder / OWNER, comparable)
  print(
    f'{problem.path} was damaged ({problem.what}) and is written anew',
    file=sys.stderr,
  )
  return read(folder)


def _check(folder: pathlib.Path, saved: dict, comparable: dict) -> None:
  there = lines.flat(saved)
  # A round trip through JSON turns tuples into lists, as in `saved`.
  here = lines.flat(json.loads(json.dumps(comparable)))
  for key in sorted(there.keys() | here.keys()):
    if there.get(key) != here.get(key):
      raise InputError(
        f'--workdir {folder} belongs to another configuration: {key} is '
        f'{there.get(key)} there and {here.get(key)} here; name another folder'
      )
