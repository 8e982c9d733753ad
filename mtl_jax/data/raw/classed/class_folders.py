"""Folders of pictures: domain/class/*.jpg, and lists that split them."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Integer

from mtl_jax.data.raw.classed import decoding
from mtl_jax.data.raw.classed.picture_store import Pictures
from mtl_jax.data.raw.unpacked import DAMAGED, Budget
from mtl_jax.errors import InputError

ENDINGS = '.jpg', '.jpeg', '.png'
SPLITS = 'train', 'val', 'test'


class Found(NamedTuple):
  """Pictures of all domains, one domain after the other.

  Attributes:
    paths: of the pictures.
    domains: number of the domain of each, `[N]`.
    classes: number of the class of each, `[N]`.
    names: of the classes, sorted.
  """

  paths: tuple[pathlib.Path, ...]
  domains: Integer[np.ndarray, 'pictures']
  classes: Integer[np.ndarray, 'pictures']
  names: tuple[str, ...]


def find(
  folder: pathlib.Path, domains: Mapping[str, Sequence[str]], remedy: str
) -> Found:
  """Lists the pictures of each domain and class.

  Args:
    folder: that has a folder for each domain.
    domains: spellings of the folder of each domain. In it are the folders of
      the classes, or one folder `images` that has them.
    remedy: what to do where a folder is missing.

  Raises:
    InputError: a domain is missing, a class has no picture, or the domains
      have other classes.
  """
  folders = [_domain(folder, name, domains[name], remedy) for name in domains]
  names = _classes(folders[0])
  for other in folders[1:]:
    _check_same(folders[0], names, other, _classes(other))
  if not names:
    raise InputError(f'{folders[0]} has no folder of a class; {remedy}')
  paths, places = [], []
  for number, own in enumerate(folders):
    for kind, name in enumerate(names):
      found = _pictures(own / name)
      paths += found
      places += [(number, kind)] * len(found)
  return Found(tuple(paths), *np.array(places).T, tuple(names))


def _domain(folder, name: str, spellings, remedy: str) -> pathlib.Path:
  for spelling in spellings:
    if (own := folder / spelling).is_dir():
      return own / 'images' if (own / 'images').is_dir() else own
  raise InputError(f'{folder} has no folder {spellings[0]}; {remedy}')


def _classes(folder: pathlib.Path) -> list[str]:
  return sorted(
    path.name
    for path in folder.iterdir()
    if path.is_dir() and not path.name.startswith('.')
  )


def _check_same(first, names: list[str], other, others: list[str]) -> None:
  for has, lacks, odd in (
    (first, other, sorted({*names} - {*others})),
    (other, first, sorted({*others} - {*names})),
  ):
    if odd:
      raise InputError(
        f'{has} has a folder {odd[0]!r} and {lacks} has none; the classes of '
        'all domains must be the same, so unpack the data set again'
      )


def _pictures(folder: pathlib.Path) -> list[pathlib.Path]:
  found = sorted(
    path
    for path in folder.iterdir()
    if path.suffix.lower() in ENDINGS and not path.name.startswith('.')
  )
  if not found:
    raise InputError(
      f'{folder} has no picture ({", ".join(ENDINGS)}); unpack the data set '
      'again, or remove the class from all domains'
    )
  return found


def pictures(found: Found, size: int) -> Pictures:
  """Returns what decodes these pictures to one size."""

  def read(number: int) -> np.ndarray:
    path = found.paths[number]
    try:
      data = Budget(decoding.LARGEST).file(path)
    except DAMAGED as error:
      raise InputError(f'cannot read {path}: {error}') from error
    return decoding.picture(data, size, str(path))

  return Pictures(found.paths, len(found.paths), size, read)


def listed(
  folder: pathlib.Path, domains: Mapping[str, Sequence[str]], found: Found
) -> tuple[tuple[Integer[np.ndarray, '_'], ...], bytes] | None:
  """Reads lists of train, val and test, `amazon_train.txt` and so on.

  A line is a path, of which the class and the name of the file count, and a
  number of the class.

  Args:
    folder: that has the lists.
    domains: as in `find`.
    found: all pictures.

  Returns:
    Rows of each split in the order of the lists and the content of all lists;
    None if there is no list.

  Raises:
    InputError: some of the lists are missing, or they do not name each picture
      once.
  """
  files = [
    [folder / f'{name}_{split}.txt' for split in SPLITS] for name in domains
  ]
  there = [file.is_file() for own in files for file in own]
  if not any(there):
    return None
  numbers = {
    (domain, path.parent.name, path.name): row
    for row, (domain, path) in enumerate(
      zip(found.domains.tolist(), found.paths, strict=True)
    )
  }
  rows, content = ([], [], []), b''
  for domain, own in enumerate(files):
    for split, file in enumerate(own):
      content += (data := _content(file))
      rows[split].extend(_rows(file, data, domain, numbers))
  _check_once(folder, [row for own in rows for row in own], found)
  return tuple(np.array(own, np.int64) for own in rows), content


def _content(file: pathlib.Path) -> bytes:
  try:
    return Budget(16 * 2**20).file(file)
  except DAMAGED as error:
    raise InputError(
      f'cannot read {file}, and other lists are there: {error}; put all lists '
      'into the folder, or none'
    ) from error


def _rows(file: pathlib.Path, data: bytes, domain: int, numbers) -> list[int]:
  rows = []
  for line, text in enumerate(data.decode('utf-8', 'replace').splitlines(), 1):
    path, _, label = text.rpartition(' ')
    key = (domain, *path.split('/')[-2:])
    if key not in numbers or not label.isdecimal():
      raise InputError(
        f'{file}, line {line}: {text[:80]!r} is no picture of this data set '
        'and the number of its class'
      )
    rows.append(numbers[key])
  return rows


def _check_once(folder: pathlib.Path, rows: list[int], found: Found) -> None:
  times = np.bincount(rows, minlength=len(found.paths))
  if (odd := np.flatnonzero(times != 1)).size:
    path, count = found.paths[odd[0]], times[odd[0]]
    raise InputError(
      f'the lists in {folder} name {path} {count} times; each picture must be '
      'in one split, so take the lists as published'
    )
