"""The files of CelebA: a list of attributes, a list of splits, and pictures.

  list_attr_celeba.txt       also in Anno/: number of rows, names, -1 or 1
  list_eval_partition.txt    also in Eval/: 0 train, 1 validation, 2 test
  img_align_celeba/*.jpg     also in Img/, or img_align_celeba.zip

A zip is read member by member; nothing is unpacked to the disk.
"""

import functools
import hashlib
import pathlib
import threading
import zipfile
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Integer

from mtl_jax.data.raw.classed import decoding
from mtl_jax.data.raw.classed.picture_store import Pictures
from mtl_jax.data.raw.unpacked import DAMAGED, Budget
from mtl_jax.errors import InputError

ATTRIBUTES = 'list_attr_celeba.txt'
PARTITION = 'list_eval_partition.txt'
IMAGES = 'img_align_celeba'
# MD5, as its authors and torchvision have them.
MD5 = {
  ATTRIBUTES: '75e246fa4810816ffd6ee81facbd244c',
  PARTITION: 'd32c9cbf5e040fd4025c592c306e6668',
}
ALIGNED = 218, 178  # pixels of an aligned picture
REMEDY = (
  'CelebA is given out on its page of the Multimedia Laboratory of the Chinese '
  'University of Hong Kong (Img/img_align_celeba.zip, Anno and Eval); put the '
  'files into the folder celeba of the raw files, or set config.files'
)


class Faces(NamedTuple):
  """What the lists say of each picture.

  Attributes:
    names: of the attributes.
    values: `[N, A]`: whether a picture has an attribute.
    parts: 0 train, 1 validation, 2 test, `[N]`.
    pictures: that can be read.
  """

  names: tuple[str, ...]
  values: Bool[np.ndarray, 'pictures attributes']
  parts: Integer[np.ndarray, 'pictures']
  pictures: Pictures


def find(folder: pathlib.Path, size: int, published: bool) -> Faces:
  """Reads the lists and looks for the pictures.

  Args:
    folder: that has the files.
    size: height and width to which pictures are scaled.
    published: whether the lists must be the published ones, by their digests.

  Raises:
    InputError: a file is missing, damaged or another one, or the lists do not
      fit each other.
  """
  attributes = _path(folder, ATTRIBUTES, 'Anno')
  partition = _path(folder, PARTITION, 'Eval')
  names, files, values = _attributes(attributes, published)
  parts = _parts(partition, files, published)
  return Faces(names, values, parts, _pictures(folder, files, size, published))


def _path(folder: pathlib.Path, name: str, inner: str) -> pathlib.Path:
  for path in (folder / name, folder / inner / name):
    if path.is_file():
      return path
  raise InputError(f'{folder} has no {name}; {REMEDY}')


def _lines(path: pathlib.Path, published: bool) -> list[list[str]]:
  try:
    data = Budget(64 * 2**20).file(path)
    text = data.decode('ascii')
  except (*DAMAGED, UnicodeDecodeError) as error:
    raise InputError(f'{path} is damaged ({error}); {REMEDY}') from error
  found = hashlib.md5(data, usedforsecurity=False).hexdigest()
  if published and found != MD5[path.name]:
    raise InputError(
      f'{path} is not that of CelebA: its md5 is {found}, expected '
      f'{MD5[path.name]}; download it again, or set '
      'config.datasets.celeba.published=False for another set of this format'
    )
  return [line.split() for line in text.splitlines()]


def _attributes(path: pathlib.Path, published: bool):
  lines = _lines(path, published)
  if len(lines) < 3:
    raise InputError(f'{path} has {len(lines)} lines and no picture; {REMEDY}')
  count, names, *rows = lines
  if len(count) != 1 or count[0] != str(len(rows)):
    raise InputError(
      f'{path}: the first line says {" ".join(count)[:40]!r} pictures, and '
      f'there are {len(rows):,} rows; a row is missing: {REMEDY}'
    )
  if len(set(names)) < max(1, len(names)):
    raise InputError(f'{path}, line 2: names of attributes are not different')
  for number, row in enumerate(rows, start=3):
    if len(row) != len(names) + 1 or not {*row[1:]} <= {'-1', '1'}:
      raise InputError(
        f'{path}, line {number}: a row is the name of a picture and '
        f'{len(names)} values -1 or 1, not {" ".join(row)[:60]!r}'
      )
  values = np.array([row[1:] for row in rows]) == '1'
  return tuple(names), _names(path, rows), values


def _names(path: pathlib.Path, rows: list[list[str]]) -> tuple[str, ...]:
  files = tuple(row[0] for row in rows)
  for number, name in enumerate(files, start=3):
    if pathlib.PurePath(name).name != name or '\\' in name:
      raise InputError(
        f'{path}, line {number}: {name[:60]!r} is no name of a file'
      )
  if len(set(files)) < len(files):
    raise InputError(f'{path}: a picture has two rows')
  return files


def _parts(path: pathlib.Path, files: tuple[str, ...], published: bool):
  rows = _lines(path, published)
  if len(rows) != len(files):
    raise InputError(
      f'{path} has {len(rows):,} rows and {ATTRIBUTES} {len(files):,}; a row '
      f'is missing: {REMEDY}'
    )
  for number, (row, name) in enumerate(zip(rows, files, strict=True), start=1):
    if len(row) != 2 or row[0] != name or row[1] not in '012':
      raise InputError(
        f'{path}, line {number} is {" ".join(row)[:60]!r}, and must be '
        f'{name!r} and 0, 1 or 2'
      )
  return np.array([int(row[1]) for row in rows])


def _pictures(folder, files: tuple[str, ...], size: int, published: bool):
  expected = ALIGNED if published else None
  for inner in (folder, folder / 'Img'):
    if (images := inner / IMAGES).is_dir():
      read, paths = _of_folder(images, files)
      break
    if (archive := inner / f'{IMAGES}.zip').is_file():
      read, paths = _of_zip(archive, files), (archive,)
      break
  else:
    raise InputError(f'{folder} has no {IMAGES} or {IMAGES}.zip; {REMEDY}')

  def picture(number: int) -> np.ndarray:
    data, where = read(number)
    return decoding.picture(data, size, where, expected)

  return Pictures(paths, len(files), size, picture)


def _of_folder(images: pathlib.Path, files: tuple[str, ...]):
  there = {path.name for path in images.iterdir()}
  if missing := [name for name in files if name not in there]:
    raise InputError(_missing(images, missing))
  paths = tuple(images / name for name in files)
  return functools.partial(_file, paths), paths


def _file(paths: tuple[pathlib.Path, ...], number: int) -> tuple[bytes, str]:
  try:
    return Budget(decoding.LARGEST).file(paths[number]), str(paths[number])
  except DAMAGED as error:
    raise InputError(f'cannot read {paths[number]}: {error}') from error


def _of_zip(archive: pathlib.Path, files: tuple[str, ...]) -> Callable:
  try:
    opened = zipfile.ZipFile(archive)
  except DAMAGED as error:
    raise InputError(
      f'{archive} is cut or damaged ({error}); download it again'
    ) from error
  there = {*opened.namelist()}
  inner = f'{IMAGES}/' if f'{IMAGES}/{files[0]}' in there else ''
  if missing := [name for name in files if inner + name not in there]:
    raise InputError(_missing(archive, missing))
  lock = threading.Lock()

  def read(number: int) -> tuple[bytes, str]:
    where = f'{inner}{files[number]}'
    try:
      with lock, opened.open(where) as file:
        return Budget(decoding.LARGEST).read(file), f'{where} in {archive}'
    except DAMAGED as error:
      raise InputError(
        f'{where} in {archive} is damaged ({error}); download it again'
      ) from error

  return read


def _missing(place: pathlib.Path, missing: list[str]) -> str:
  return (
    f'{place} lacks {len(missing):,} pictures of {ATTRIBUTES}, the first is '
    f'{missing[0]}; {REMEDY}'
  )
