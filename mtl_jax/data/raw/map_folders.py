"""Folders of .npy maps, as MTAN's authors have preprocessed NYUv2, Cityscapes.

`train/` and `val/` have a folder per map (`image`, `label`, `depth`, ...) with
one file per picture, `0.npy`, `1.npy`, ... The format is that of im2im_pred in
the repository of Liu, Johns and Davison, arXiv:1803.10704.
"""

import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from mtl_jax.data.raw import pixel_maps
from mtl_jax.errors import InputError

SPLITS = 'train', 'val'  # what is called val is the published test split


class Pictures(NamedTuple):
  """Pictures with their maps, which are read one at a time.

  Attributes:
    files: all files that are read; their sizes and times identify the data.
    counts: number of pictures for training and for the test.
    read: number of a picture, training pictures first, to its maps in the form
      of `pixel_maps`, with the picture as `image`.
    where: number of a picture to its file, for messages.
  """

  files: Sequence[pathlib.Path]
  counts: tuple[int, int]
  read: Callable[[int], dict[str, np.ndarray]]
  where: Callable[[int], pathlib.Path]


def find(
  folder: pathlib.Path,
  names: Mapping[str, Sequence[str]],
  classes: int,
  remedy: str,
) -> Pictures:
  """Lists the pictures of a folder.

  Args:
    folder: has `train` and `val`.
    names: by map (`image`, `segmentation`, `depth`, `normals`), the folders
      that may have it; the first that exists is taken.
    classes: number of classes of the segmentation.
    remedy: what to do where something is missing, for messages.

  Raises:
    InputError: a folder is missing, has no file, or has others than that of the
      pictures.
  """
  lists = [_of_split(folder / s, names, remedy) for s in SPLITS]
  rows = [row for found in lists for row in zip(*found.values(), strict=True)]

  def read(number: int) -> dict[str, np.ndarray]:
    paths = dict(zip(names, rows[number], strict=True))
    return {
      name: _checked(name, pixel_maps.npy(path, remedy), classes, path)
      for name, path in paths.items()
    }

  files = [path for row in rows for path in row]
  counts = tuple(len(found['image']) for found in lists)
  return Pictures(files, counts, read, lambda number: rows[number][0])


def _checked(name: str, values: np.ndarray, classes: int, path: pathlib.Path):
  if name == 'segmentation':
    return pixel_maps.classes(values, classes, path)
  kinds = {
    'image': pixel_maps.picture,
    'depth': pixel_maps.depth,
    'normals': pixel_maps.normals,
  }
  return kinds[name](values, path)


def _of_split(
  folder: pathlib.Path, names: Mapping[str, Sequence[str]], remedy: str
) -> dict[str, list[pathlib.Path]]:
  """By map, the files of one split in the order of their numbers."""
  found = {}
  for name, choices in names.items():
    own = next((folder / c for c in choices if (folder / c).is_dir()), None)
    if own is None:
      choice = ' or '.join(choices)
      raise InputError(f'no folder {folder / choice}; {remedy}')
    found[name] = _numbered(own, remedy)
    _alike(found['image'], found[name], own, remedy)
  return found


def _numbered(folder: pathlib.Path, remedy: str) -> list[pathlib.Path]:
  """The files 0.npy, 1.npy, ... of a folder."""
  numbers = [int(p.stem) for p in folder.glob('*.npy') if p.stem.isdecimal()]
  if not numbers:
    raise InputError(f'{folder} has no file 0.npy; {remedy}')
  return [folder / f'{number}.npy' for number in range(max(numbers) + 1)]


def _alike(pictures, own, folder: pathlib.Path, remedy: str) -> None:
  """Raises `InputError` where a folder lacks a map of a picture."""
  for path in own:
    if not path.is_file():
      raise InputError(f'no file {path}, and later ones exist; {remedy}')
  if len(own) != len(pictures):
    raise InputError(
      f'{folder} has {len(own)} files and {pictures[0].parent} has '
      f'{len(pictures)}; every picture needs one of each: {remedy}'
    )
