"""The pictures of CelebA: a folder of JPEG files, or a zip of them.

A zip is read member by member; nothing is unpacked to the disk.
"""

import functools
import pathlib
import threading
import zipfile
from collections.abc import Callable

import numpy as np

from mtl_jax.data.raw.classed import decoding
from mtl_jax.data.raw.classed.picture_store import Pictures
from mtl_jax.data.raw.unpacked import DAMAGED, Budget
from mtl_jax.errors import InputError

IMAGES = 'img_align_celeba'


def find(
  folder: pathlib.Path,
  files: tuple[str, ...],
  size: int,
  remedy: str,
  expected: tuple[int, int] | None = None,
) -> Pictures:
  """Looks for the pictures of a list, in a folder or a zip.

  Args:
    folder: that has `img_align_celeba` or `img_align_celeba.zip`, or whose
      folder `Img` has.
    files: names of the pictures.
    size: height and width to which they are scaled.
    remedy: what to do where they are missing.
    expected: height and width that they must have, or None.

  Raises:
    InputError: a picture is missing, or the zip is damaged.
  """
  for inner in (folder, folder / 'Img'):
    if (images := inner / IMAGES).is_dir():
      read, paths = _of_folder(images, files, remedy)
      break
    if (archive := inner / f'{IMAGES}.zip').is_file():
      read, paths = _of_zip(archive, files, remedy), (archive,)
      break
  else:
    raise InputError(f'{folder} has no {IMAGES} or {IMAGES}.zip; {remedy}')

  def picture(number: int) -> np.ndarray:
    data, where = read(number)
    return decoding.picture(data, size, where, expected)

  return Pictures(paths, len(files), size, picture)


def _of_folder(images: pathlib.Path, files: tuple[str, ...], remedy: str):
  there = {path.name for path in images.iterdir()}
  if missing := [name for name in files if name not in there]:
    raise InputError(_missing(images, missing, remedy))
  paths = tuple(images / name for name in files)
  return functools.partial(_file, paths), paths


def _file(paths: tuple[pathlib.Path, ...], number: int) -> tuple[bytes, str]:
  try:
    return Budget(decoding.LARGEST).file(paths[number]), str(paths[number])
  except DAMAGED as error:
    raise InputError(f'cannot read {paths[number]}: {error}') from error


def _of_zip(
  archive: pathlib.Path, files: tuple[str, ...], remedy: str
) -> Callable:
  try:
    opened = zipfile.ZipFile(archive)
  except DAMAGED as error:
    raise InputError(
      f'{archive} is cut or damaged ({error}); download it again'
    ) from error
  there = {*opened.namelist()}
  inner = f'{IMAGES}/' if f'{IMAGES}/{files[0]}' in there else ''
  if missing := [name for name in files if inner + name not in there]:
    raise InputError(_missing(archive, missing, remedy))
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


def _missing(place: pathlib.Path, missing: list[str], remedy: str) -> str:
  return (
    f'{place} lacks {len(missing):,} pictures of the list, the first is '
    f'{missing[0]}; {remedy}'
  )
