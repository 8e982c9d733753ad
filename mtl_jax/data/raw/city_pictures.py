"""The official folders of Cityscapes: pictures, class numbers, disparity.

The packages leftImg8bit, gtFine and disparity (trainvaltest) of the Cityscapes
web site, unpacked into one folder, have
`leftImg8bit/train/CITY/CITY_..._leftImg8bit.png`, `gtFine/.../..._labelIds.png`
and `disparity/.../..._disparity.png`.
"""

import functools
import pathlib

import numpy as np
from PIL import Image

from mtl_jax.data.raw import pixel_maps
from mtl_jax.data.raw.map_folders import Pictures
from mtl_jax.errors import InputError

SIZE = 128, 256  # height and width, an eighth of the official 1024 x 2048
# The seven categories of Cordts et al. (CVPR 2016), in the order of their
# official numbers, with the numbers of the 19 classes that are evaluated: flat,
# construction, object, nature, sky, human, vehicle. All else is ignored.
CATEGORIES = (
  *((7, 8), (11, 12, 13), (17, 19, 20), (21, 22), (23,), (24, 25)),
  (26, 27, 28, 31, 32, 33),
)
NUMBERS = 34  # of the official class numbers, from 0
# Metres and pixels, of one camera for all pictures; their own camera files,
# which differ a little, are not read.
BASELINE, FOCAL = 0.209313, 2262.52
ENDS = {
  'leftImg8bit': '_leftImg8bit.png',
  'gtFine': '_gtFine_labelIds.png',
  'disparity': '_disparity.png',
}
REMEDY = (
  'the packages leftImg8bit, gtFine and disparity (trainvaltest) are on the '
  'Cityscapes web site; unpack them into the folder cityscapes of the raw '
  'files, or set config.files to the folder that has them'
)


_DAMAGED = OSError, ValueError, SyntaxError, Image.DecompressionBombError


def to_category() -> np.ndarray:
  """Returns the category of each class number, -1 if it is ignored, `[256]`."""
  found = np.full(256, -1, np.int8)
  for number, own in enumerate(CATEGORIES):
    found[list(own)] = number
  return found


def find(folder: pathlib.Path) -> Pictures:
  """Lists the pictures of the official folders.

  Pictures are scaled to `SIZE` by bilinear interpolation over the pixels that
  make up a new one; classes and disparity take the nearest pixel, so that
  missing ones do not spread. Pictures of that size or less keep it. Inverse
  depth is disparity / (baseline * focal length), in 1 / metres, with one camera
  for all pictures; a disparity of d is stored as 256 d + 1, and 0 is missing.

  Args:
    folder: has `leftImg8bit`, `gtFine` and `disparity`.

  Raises:
    InputError: a folder or a file of a picture is missing.
  """
  lists = [_of_split(folder, split) for split in ('train', 'val')]
  rows = [row for found in lists for row in found]
  counts = len(lists[0]), len(lists[1])
  files = [path for row in rows for path in row]
  read = functools.partial(_read, rows)
  return Pictures(files, counts, read, lambda number: rows[number][0])


def _of_split(folder: pathlib.Path, split: str) -> list[list[pathlib.Path]]:
  """The three files of each picture, in the order of their names."""
  own, end = next(iter(ENDS.items()))
  pictures = sorted((folder / own / split).glob(f'*/*{end}'))
  if not pictures:
    raise InputError(f'{folder / own / split} has no *{end}; {REMEDY}')
  found = []
  for path in pictures:
    stem = path.name.removesuffix(end)
    row = [
      folder / name / split / path.parent.name / f'{stem}{ending}'
      for name, ending in ENDS.items()
    ]
    for other in row:
      if not other.is_file():
        raise InputError(f'no file {other}, and {path} exists; {REMEDY}')
    found.append(row)
  return found


def _read(rows, number: int) -> dict[str, np.ndarray]:
  opened = image, labels, disparity = [_opened(path) for path in rows[number]]
  with image, labels, disparity:
    whole = image.size[1], image.size[0]
    for path, other in zip(rows[number], opened, strict=True):
      if other.size != image.size:
        raise InputError(
          f'{path} is {other.size[1]} x {other.size[0]} pixels and its picture '
          f'{whole[0]} x {whole[1]}; take the original files'
        )
    size = SIZE if whole > SIZE else whole
    scaled = image.convert('RGB').resize(size[::-1], Image.Resampling.BILINEAR)
    kinds, stored = (_near(v, size) for v in (labels, disparity))
  _, of_labels, of_disparity = rows[number]
  return {
    'image': np.asarray(scaled),
    'segmentation': _classes(kinds, of_labels),
    'depth': _inverse_depth(stored, of_disparity),
  }


def _classes(kinds: np.ndarray, path: pathlib.Path) -> np.ndarray:
  if kinds.ndim != 2 or kinds.dtype != np.uint8 or kinds.max() >= NUMBERS:
    raise InputError(
      f'{path} has no class numbers from 0 to {NUMBERS - 1}; take the files '
      '*_labelIds.png, not those of colours or of trainIds'
    )
  return to_category()[kinds]


def _inverse_depth(stored: np.ndarray, path: pathlib.Path) -> np.ndarray:
  if stored.ndim != 2 or stored.dtype.kind not in 'iu':
    raise InputError(
      f'{path} is no 16-bit picture of disparities; take the files of the '
      'package disparity'
    )
  disparity = (stored.astype(np.float32) - 1) / 256
  inverse = np.where(stored > 0, disparity / (BASELINE * FOCAL), 0)
  return pixel_maps.depth(inverse, path)


def _near(picture: Image.Image, size: tuple[int, int]) -> np.ndarray:
  return np.asarray(picture.resize(size[::-1], Image.Resampling.NEAREST))


def _opened(path: pathlib.Path) -> Image.Image:
  try:
    picture = Image.open(path)
    picture.load()
    return picture
  except _DAMAGED as error:
    raise InputError(
      f'{path} is damaged, or no picture; download it again'
    ) from error
