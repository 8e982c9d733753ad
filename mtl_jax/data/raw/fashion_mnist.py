"""The four files of Fashion-MNIST: Xiao, Rasul, Vollgraf, arXiv:1708.07747.

Debian's package and the official download contain the same bytes behind
different gzip headers, so the digests are of what is decompressed.
"""

import hashlib
import pathlib
import struct
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8

from mtl_jax.data import files as files_lib
from mtl_jax.data.raw.unpacked import DAMAGED, Budget
from mtl_jax.errors import InputError

DEBIAN = pathlib.Path('/usr/share/datasets/fashion-mnist')
FOLDER = 'fashion-mnist'
REMEDY = (
  'run `apt-get install dataset-fashion-mnist` and name no folder, or put the '
  'four official files into a folder and set config.files or MTL_JAX_FILES to '
  'it'
)
# SHA-256 of the decompressed files, in the order of `Glyphs`.
SHA256 = {
  'train-images-idx3-ubyte.gz': 'c59f468a2f672dc815687fe0f83887768'
  'd799fd8a3f3276145d20f83aa44d888',
  'train-labels-idx1-ubyte.gz': 'bad3541b69d912435c50bb6ba87bec294'
  'ff4f6a2e1246121d8633921760443d9',
  't10k-images-idx3-ubyte.gz': '5b4141f0afbad91edebe8549f8fcffe08'
  '7ea10ca49f1dbef5c9a5cd8815ce37b',
  't10k-labels-idx1-ubyte.gz': '0402a96d92fd2663957122ceb108a494c'
  '5af83dab82d92729df917d7dec38c34',
}
LARGEST = 128 * 2**20  # bytes, compressed and not; the largest has 47 MB


class Glyphs(NamedTuple):
  """Pictures of clothes and their classes, as the official split has them.

  Attributes:
    train_images: `[60000, 28, 28]`.
    train_labels: classes 0 to 9, `[60000]`.
    test_images: `[10000, 28, 28]`.
    test_labels: `[10000]`.
  """

  train_images: UInt8[np.ndarray, 'train height width']
  train_labels: UInt8[np.ndarray, 'train']
  test_images: UInt8[np.ndarray, 'test height width']
  test_labels: UInt8[np.ndarray, 'test']


def read(files: str = '', data_dir: str = '') -> Glyphs:
  """Reads the four files from the first folder that has one of them.

  The folders are that of raw files, its sub-folder `fashion-mnist`, and that
  of Debian's package `dataset-fashion-mnist`. The last is not looked into where
  `files` names a folder: a misspelt one should be told.

  Args:
    files: folder of raw files, as in `files.folder`.
    data_dir: folder of prepared data, as in `files.home`.

  Returns:
    Read-only arrays.

  Raises:
    InputError: if a file is missing, damaged or another one.
  """
  own = files_lib.folder(files, data_dir)
  folders = own, own / FOLDER, *(() if files else (DEBIAN,))
  for folder in folders:
    if any((folder / name).is_file() for name in SHA256):
      return Glyphs(*(_array(folder / name) for name in SHA256))
  looked = ', '.join(str(folder) for folder in folders)
  raise InputError(f'no file of Fashion-MNIST in {looked}; {REMEDY}')


def _array(path: pathlib.Path) -> np.ndarray:
  data = _decompressed(path)
  if (got := hashlib.sha256(data).hexdigest()) != SHA256[path.name]:
    raise InputError(
      f'{path} is not the file of Fashion-MNIST (files of MNIST have the same '
      f'names): sha256 of its content is {got}, expected '
      f'{SHA256[path.name]}; {REMEDY}'
    )
  # idx: two zeros, a type, the number of axes, their big-endian lengths.
  axes = data[3]
  shape = struct.unpack_from(f'>{axes}I', data, offset=4)
  return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)


def _decompressed(path: pathlib.Path) -> bytes:
  try:
    budget = Budget(LARGEST)
    return budget.gunzip(budget.file(path))
  except FileNotFoundError as error:
    raise InputError(
      f'no {path.name} in {path.parent}, which has others of the four files of '
      f'Fashion-MNIST; {REMEDY}'
    ) from error
  # A truncated file ends early, a damaged one has another header or content.
  except DAMAGED as error:
    raise InputError(f'cannot read {path}: {error}; {REMEDY}') from error
