"""Writes small random files in the formats of large data sets.

They show whether a whole path works; nothing can be learned from them.
"""

import pathlib
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

COUNTS = {'train': 6, 'val': 4}
SIZE = 16, 16


def folders(
  folder: pathlib.Path,
  names: Mapping[str, Sequence[str]],
  classes: int,
  size: tuple[int, int] = SIZE,
) -> None:
  """Writes the folders that `map_folders.find` reads.

  Args:
    folder: gets `train` and `val`.
    names: by map, the folder of its files (the first one).
    classes: number of classes.
    size: height and width.
  """
  random = np.random.default_rng(0)
  for split, count in COUNTS.items():
    for number in range(count):
      made = scene(random, classes, size)
      for name, (own, *_) in names.items():
        path = folder / split / own / f'{number}.npy'
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, made[name], allow_pickle=False)


def scene(
  random: np.random.Generator, classes: int, size: tuple[int, int]
) -> dict[str, np.ndarray]:
  """Random maps of a picture: a wall before which a box stands.

  Args:
    random: generator of numbers.
    classes: number of classes.
    size: height and width.
  """
  height, width = size
  kind = np.full(size, random.integers(classes), np.float32)
  depth = np.full((*size, 1), random.uniform(2, 4), np.float32)
  normals = np.zeros((*size, 3), np.float32)
  normals[..., 2] = 1
  top, left = random.integers(height // 2), random.integers(width // 2)
  box = slice(top, top + height // 3), slice(left, left + width // 3)
  kind[box], depth[box] = random.integers(classes), random.uniform(1, 2)
  normals[box] = 0.6, 0.0, 0.8
  kind[0], depth[0], normals[0] = -1, 0, 0  # a row without labels
  image = (kind[..., None] + 2) / (classes + 2)
  image = np.clip(image + random.normal(0, 0.05, (*size, 3)), 0, 1)
  return {
    'image': image.astype(np.float32),
    'segmentation': kind,
    'depth': depth,
    'normals': normals,
  }


def nyu_mat(folder: pathlib.Path, names: Sequence[str]) -> None:
  """Writes the three files that `raw.nyu_mat` reads.

  Args:
    folder: to write to.
    names: of the labelled file, the splits and the classes.
  """
  import h5py
  import scipy.io

  folder.mkdir(parents=True, exist_ok=True)
  random, count = np.random.default_rng(1), sum(COUNTS.values())
  made = [scene(random, 13, SIZE) for _ in range(count)]
  image = np.stack([m['image'] for m in made]) * 255
  with h5py.File(folder / names[0], 'w') as file:
    file['images'] = image.astype(np.uint8).transpose(0, 3, 2, 1)
    kinds = np.stack([m['segmentation'] for m in made]) + 1
    file['labels'] = kinds.astype(np.uint16).transpose(0, 2, 1)
    depths = np.stack([m['depth'][..., 0] for m in made])
    file['depths'] = depths.transpose(0, 2, 1)
  numbers = np.arange(1, count + 1)[:, None]
  split = {'trainNdxs': numbers[4:], 'testNdxs': numbers[:4]}
  scipy.io.savemat(folder / names[1], split)
  scipy.io.savemat(folder / names[2], {'mapClass': np.arange(1, 41)[None]})


def cityscapes(folder: pathlib.Path, size: tuple[int, int]) -> None:
  """Writes the three folders that `raw.city_pictures` reads.

  Args:
    folder: gets `leftImg8bit`, `gtFine` and `disparity`.
    size: height and width.
  """
  random = np.random.default_rng(2)
  for split, count in COUNTS.items():
    for number in range(count):
      made = scene(random, 34, size)
      stem = f'town_{number:06d}_000019'
      inverse = made['depth'][..., 0] * 1000
      for own, end, values in (
        ('leftImg8bit', 'leftImg8bit', (made['image'] * 255).astype(np.uint8)),
        ('gtFine', 'gtFine_labelIds', (made['segmentation'] % 34)),
        ('disparity', 'disparity', inverse.astype(np.uint16)),
      ):
        path = folder / own / split / 'town' / f'{stem}_{end}.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = values if values.dtype != np.float32 else values.astype(np.uint8)
        Image.fromarray(kept).save(path)
