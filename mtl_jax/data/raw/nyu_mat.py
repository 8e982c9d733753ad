"""The official files of NYU Depth V2, as MATLAB has written them.

Into one folder go `nyu_depth_v2_labeled.mat` and `splits.mat`, of the NYU Depth
V2 page of the computer science department of New York University, and
`classMapping40.mat`, of the page of Gupta, Arbelaez and Malik (CVPR 2013). It
maps 894 names to 40 classes. The 13 classes are those of Couprie et al.
(arXiv:1301.3572). The map from 40 to 13 is the one that is ascribed to the
SceneNet project (Handa et al., CVPR 2016), whose classes MTAN says it uses; it
was not compared with that project's own file, nor with the numbers in MTAN's
files, since MTAN's preprocessing was not published.
"""

import functools
import pathlib
from typing import Any

import numpy as np
import scipy.io
from PIL import Image

from mtl_jax.data.raw import pixel_maps
from mtl_jax.data.raw.map_folders import Pictures
from mtl_jax.errors import InputError

FILES = 'nyu_depth_v2_labeled.mat', 'splits.mat', 'classMapping40.mat'
SIZE = 288, 384  # height and width, .6 of the official 480 x 640
# Of the classes 1 to 40: bed 1, books, ceiling, chair, floor, furniture,
# objects, picture, sofa, table, TV, wall, window 13.
TO_13 = np.array(
  [
    *(12, 5, 6, 1, 4, 9, 10, 12, 13, 6, 8, 6, 13, 10, 6, 13, 6, 7, 7, 5),
    *(7, 3, 2, 6, 11, 7, 7, 7, 7, 7, 7, 6, 7, 7, 7, 7, 7, 7, 6, 7),
  ]
)
REMEDY = (
  'nyu_depth_v2_labeled.mat and splits.mat are on the NYU Depth V2 page of '
  'the computer science department of New York University, classMapping40.mat '
  'on the page of Gupta, Arbelaez and Malik (CVPR 2013); put the three into '
  'the folder nyuv2 of the raw files, or set config.files to the folder that '
  'has them'
)
_DAMAGED = OSError, ValueError, KeyError, TypeError, NotImplementedError


def find(folder: pathlib.Path, size: tuple[int, int] | None = None) -> Pictures:
  """Lists the pictures of the official files.

  Pictures are scaled by bilinear interpolation; classes and depth take the
  nearest pixel, so that missing ones do not spread.

  Args:
    folder: has the three `FILES`.
    size: height and width to scale to; None is `SIZE`, or the own size of
      pictures that are smaller.

  Raises:
    InputError: a file is missing or damaged, h5py is not installed, or the
      split names no picture.
  """
  paths = [folder / name for name in FILES]
  for path in paths:
    if not path.is_file():
      raise InputError(f'no file {path}; {REMEDY}')
  opened = _opened(paths[0])
  count = len(opened['images'])
  parts = [
    _numbers(paths[1], name, count) for name in ('trainNdxs', 'testNdxs')
  ]
  to_40 = _variable(paths[2], 'mapClass').ravel().astype(np.int64)
  if len(to_40) == 0 or to_40.min() < 0 or to_40.max() > len(TO_13):
    raise InputError(
      f'{paths[2]}: mapClass has numbers beyond 1 to 40; {REMEDY}'
    )
  # Number 0 of the labels is unlabelled, and is ignored.
  classes = np.concatenate([[-1], np.append(0, TO_13)[to_40] - 1])
  numbers = np.concatenate(parts)
  size = size or _size(opened['images'].shape)
  read = functools.partial(_read, opened, paths[0], numbers, classes, size)
  return Pictures(
    paths, (len(parts[0]), len(parts[1])), read, lambda _: paths[0]
  )


def _size(shape: tuple[int, ...]) -> tuple[int, int]:
  own = shape[3], shape[2]
  return SIZE if own > SIZE else own


def _read(opened, path, numbers, classes, size, number: int):
  row = int(numbers[number])
  try:
    # MATLAB's first axis comes last.
    image = opened['images'][row].transpose(2, 1, 0)
    labels = opened['labels'][row].T
    depth = opened['depths'][row].T
  except _DAMAGED as error:
    raise InputError(f'{path}, picture {row + 1} is damaged; {REMEDY}') from (
      error
    )
  where = f'{path}, picture {row + 1}'
  if labels.max() >= len(classes):
    raise InputError(
      f'{where} has the label {labels.max()} and classMapping40.mat has '
      f'{len(classes) - 1}; {REMEDY}'
    )
  return {
    'image': pixel_maps.picture(_scaled(image, size), where),
    'segmentation': pixel_maps.classes(_near(classes[labels], size), 13, where),
    'depth': pixel_maps.depth(_near(depth, size), where),
  }


def _scaled(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
  scaled = Image.fromarray(np.ascontiguousarray(image, np.uint8))
  return np.asarray(scaled.resize(size[::-1], Image.Resampling.BILINEAR))


def _near(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
  """The nearest pixel of each pixel of another size."""
  rows, columns = (
    ((np.arange(new) + 0.5) * old / new).astype(np.int64)
    for new, old in zip(size, values.shape, strict=True)
  )
  return values[rows][:, columns]


def _opened(path: pathlib.Path) -> Any:
  try:
    import h5py
  except ImportError as error:
    raise InputError(
      f'{path} needs h5py, which is not installed; run `pip install h5py`'
    ) from error
  try:
    file = h5py.File(path, 'r')
    found = {name: file[name] for name in ('images', 'labels', 'depths')}
    counts = {len(values) for values in found.values()}
    shapes = {found[n].shape[-2:] for n in found} | {found['images'].shape[2:]}
    if len(counts) == len(shapes) == 1 and found['images'].shape[1] == 3:
      return found
  except _DAMAGED as error:
    raise InputError(f'{path} cannot be read as HDF5; {REMEDY}') from error
  raise InputError(
    f'{path} lacks images [N, 3, W, H], labels and depths [N, W, H]; {REMEDY}'
  )


def _numbers(path: pathlib.Path, name: str, count: int) -> np.ndarray:
  """Numbers of pictures from 0; MATLAB counts from 1."""
  found = _variable(path, name).ravel().astype(np.int64) - 1
  if len(found) == 0 or found.min() < 0 or found.max() >= count:
    raise InputError(
      f'{path}: {name} has numbers beyond 1 to {count}; {REMEDY}'
    )
  return found


def _variable(path: pathlib.Path, name: str) -> np.ndarray:
  try:
    return np.asarray(scipy.io.loadmat(path, variable_names=[name])[name])
  # A damaged file may raise anything.
  except Exception as error:
    raise InputError(
      f'{path} has no variable {name} that can be read; {REMEDY}'
    ) from error
