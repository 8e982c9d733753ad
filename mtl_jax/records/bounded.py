"""Arrays in files that may come from anybody: bounded, and never objects."""

import os
import pathlib
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import psutil

from mtl_jax.errors import InputError


def read_npz(path: str | os.PathLike) -> dict[str, np.ndarray]:
  """Reads arrays by name; nothing is unpickled.

  Args:
    path: of a .npz file.

  Raises:
    InputError: unpacked it is larger than the memory that is free.
    ValueError, OSError, zipfile.BadZipFile: it is damaged, or holds objects.
  """
  with zipfile.ZipFile(path) as members:
    size = sum(member.file_size for member in members.infolist())
  _check_size(path, size)
  with np.load(path, allow_pickle=False) as arrays:
    found = dict(arrays)
  # NumPy gives the bytes of a member that is no array.
  for name, array in found.items():
    if not isinstance(array, np.ndarray):
      raise ValueError(f'{name} in {path} is no array')
  return found


def like(
  path: pathlib.Path, arrays: Mapping[str, Mapping[str, Any]]
) -> dict[str, np.ndarray]:
  """Makes arrays of the shapes and types that a file names.

  Args:
    path: of the file, for messages.
    arrays: `shape` and `dtype` by the names of arrays.

  Raises:
    InputError: a name, shape or type is none, or all of them are larger than
      the memory that is free.
  """
  made, size = {}, 0
  for name, own in arrays.items():
    try:
      shape, dtype = tuple(map(int, own['shape'])), np.dtype(own['dtype'])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
      raise InputError(f'{path}: array {name!r}: {error}') from error
    plain = not dtype.hasobject and dtype.names is None and dtype.itemsize
    # Names become paths of files.
    if not plain or min(shape, default=0) < 0 or _climbs(name):
      raise InputError(
        f'{path}: array {name!r} has a name, shape {shape} or type {dtype} '
        'that no parameter has'
      )
    count = 1
    for length in shape:  # of Python, which do not overflow
      count *= length
    size += count * dtype.itemsize
    made[name] = shape, dtype
  _check_size(path, size)
  return {name: np.zeros(*own) for name, own in made.items()}


def _climbs(name: str) -> bool:
  return bool({'', '.', '..'} & {*name.split('/')})


def _check_size(path: str | os.PathLike, size: int) -> None:
  free = psutil.virtual_memory().available
  if size > free:
    raise InputError(
      f'{path}: its arrays have {size:,} bytes, and {free:,} are free; it is '
      'damaged, or needs a larger machine'
    )
