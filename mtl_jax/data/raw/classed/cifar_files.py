"""CIFAR-100, of the binary or the Python version, or of their archives.

A record of the binary version is a coarse class, a fine class and 3072 bytes,
the red, green and blue rows of a picture. The Python version is a pickle, which
`plain_pickle` reads without running it. Archives are read in memory.
"""

import hashlib
import pathlib
from typing import NamedTuple

import numpy as np
from jaxtyping import Integer, UInt8

from mtl_jax.data.raw import opened
from mtl_jax.data.raw.classed import plain_pickle
from mtl_jax.errors import InputError

SIDE = 32
PIXELS = 3 * SIDE * SIDE
COUNTS = 50_000, 10_000
BINARY = 'train.bin', 'test.bin'
PYTHON = 'train', 'test'
ARCHIVES = {
  BINARY: ('cifar-100-binary', 'cifar-100-binary.tar.gz'),
  PYTHON: ('cifar-100-python', 'cifar-100-python.tar.gz'),
}
# MD5 of the pickles, as torchvision has them; of the binary files the size and
# the number of pictures of each class are checked.
MD5 = {
  'train': '16019d7e3df5f24257cddd939b257f8d',
  'test': 'f0ef6b0ae62326f3e7ffdfab6717acfc',
}
REMEDY = (
  'CIFAR-100 is given out on the page of Alex Krizhevsky at the University of '
  'Toronto; put cifar-100-binary.tar.gz or cifar-100-python.tar.gz, or what it '
  'has, into the folder cifar100 of the raw files, or set config.files'
)


class Pictures(NamedTuple):
  """Pictures and their classes, the training pictures first.

  Attributes:
    images: `[N, 32, 32, 3]`.
    coarse: coarse classes, `[N]`.
    fine: fine classes, `[N]`.
    tests: number of test pictures.
  """

  images: UInt8[np.ndarray, 'pictures 32 32 3']
  coarse: Integer[np.ndarray, 'pictures']
  fine: Integer[np.ndarray, 'pictures']
  tests: int


def read(folder: pathlib.Path, published: bool = True) -> Pictures:
  """Reads both files of the version that is there, the binary one first.

  Args:
    folder: that has the files, their folder or the archive.
    published: whether they must be those of CIFAR-100.

  Raises:
    InputError: a file is missing, cut off or another one.
  """
  names = next((n for n in ARCHIVES if _is_there(folder, n)), None)
  if names is None:
    raise InputError(f'{folder} has no file of CIFAR-100; {REMEDY}')
  inner, archive = ARCHIVES[names]
  own = folder / inner if (folder / inner).is_dir() else folder
  parts = []
  for name, count in zip(names, COUNTS, strict=True):
    path, data = opened.find(own, name, (archive,), REMEDY)
    where = str(path) if path.name == name else f'{name} in {path}'
    if published and names is PYTHON:
      _check_digest(name, data, where)
    part = (_binary if names is BINARY else _python)(data, where)
    if published:
      _check(part, count, where)
    parts.append(part)
  images, coarse, fine = map(np.concatenate, zip(*parts, strict=True))
  # From [N, 3, 32, 32], as a view would make every batch slower.
  images = images.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
  return Pictures(
    np.ascontiguousarray(images),
    coarse.astype(np.int32),
    fine.astype(np.int32),
    len(parts[1][1]),
  )


def _is_there(folder: pathlib.Path, names: tuple[str, str]) -> bool:
  inner, archive = ARCHIVES[names]
  places = (folder / names[0], folder / inner / names[0], folder / archive)
  return any(place.is_file() for place in places)


def _check_digest(name: str, data: bytes, where: str) -> None:
  found = hashlib.md5(data, usedforsecurity=False).hexdigest()
  if found != MD5[name]:
    raise InputError(
      f'{where} is not that of CIFAR-100: its md5 is {found}, expected '
      f'{MD5[name]}; {REMEDY}'
    )


def _binary(data: bytes, where: str) -> tuple:
  if not data or len(data) % (PIXELS + 2):
    raise InputError(
      f'{where} has {len(data):,} bytes, and must have {PIXELS + 2:,} per '
      f'picture; it is cut off or another file: {REMEDY}'
    )
  rows = np.frombuffer(data, np.uint8).reshape(-1, PIXELS + 2)
  _check_classes(rows[:, 0], rows[:, 1], where)
  return rows[:, 2:], rows[:, 0], rows[:, 1]


def _python(data: bytes, where: str) -> tuple:
  try:
    table = plain_pickle.loads(data)
  except plain_pickle.RefusedError as error:
    raise InputError(f'{where} is not read: {error}; {REMEDY}') from error
  keys = 'data', 'coarse_labels', 'fine_labels'
  if not isinstance(table, dict) or not {*keys} <= {*table}:
    raise InputError(f'{where} has no {", ".join(keys)}; {REMEDY}')
  images, *labels = (table[key] for key in keys)
  coarse, fine = (_numbers(own, where) for own in labels)
  shape = len(coarse), PIXELS
  if not isinstance(images, np.ndarray) or images.shape != shape:
    raise InputError(f'{where}: data is no array of {shape} bytes; {REMEDY}')
  if len(fine) != len(coarse) or not len(fine):
    raise InputError(
      f'{where} has {len(coarse)} coarse and {len(fine)} fine labels; {REMEDY}'
    )
  _check_classes(coarse, fine, where)
  return images, coarse, fine


def _numbers(values, where: str) -> np.ndarray:
  if not isinstance(values, list) or any(type(v) is not int for v in values):
    raise InputError(f'{where}: labels are no list of numbers; {REMEDY}')
  # Larger ones would not fit; the check below says which they are.
  return np.array([min(max(v, -1), 255) for v in values], np.int64)


def _check_classes(coarse, fine, where: str) -> None:
  for values, most in ((coarse, 20), (fine, 100)):
    wrong = np.flatnonzero((values < 0) | (values >= most))
    if len(wrong):
      raise InputError(
        f'{where}: picture {wrong[0]} is of class {values[wrong[0]]}, and '
        f'there are {most}; {REMEDY}'
      )


def _check(part: tuple, count: int, where: str) -> None:
  counts = np.bincount(part[2], minlength=100)
  if len(part[2]) != count or (counts != count // 100).any():
    raise InputError(
      f'{where} has {len(part[2]):,} pictures, {counts.min()} to '
      f'{counts.max()} of a class, and must have {count // 100} of each of '
      '100; set config.datasets.cifar100.published=False for another set'
    )
