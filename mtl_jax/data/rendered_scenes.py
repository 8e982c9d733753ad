"""Rooms that are rendered here: classes, depth and normals of every pixel.

Three tasks of unlike scales that are truly related: all follow from where a
ray meets a surface. Labels are exact, from the geometry. A seed has pictures of
its own, so that results of different seeds are independent.
"""

import functools
import os
import pathlib
from typing import NamedTuple

import numpy as np

from mtl_jax.data import base, files
from mtl_jax.data.checking import prepared
from mtl_jax.data.scenes import render, rooms
from mtl_jax.errors import InputError, nearest
from mtl_jax.records import digests
from mtl_jax.tasks import Task

VERSION = 1  # of the pictures: raised when equal arguments give others
SIZES = 32, 64, 128
TASKS = {
  'segmentation': Task('segmentation', 'segmentation', len(rooms.CLASSES)),
  'depth': Task('depth', 'depth'),
  'normals': Task('normals', 'normals'),
  'shading': Task('shading', 'depth'),
  'count': Task('count', 'count'),
}
PARTS = ('image', *TASKS)
CARD = base.Card(
  name='rendered_scenes',
  source='drawn and rendered by mtl_jax/data/scenes',
  licence='none: made here',
  citation='none',
  split_rule='pictures of different splits and seeds are different draws',
  counts={},
  notes=(
    'Depth is along the axis of the camera, in metres; solids may overlap, and '
    'there are no shadows.'
  ),
  drawn=True,
  units='rooms',
)


class Look(NamedTuple):
  """How rooms are drawn and rendered.

  Attributes:
    size: height and width in pixels.
    solids: the most in a room.
    texture: contrast of stripes, from 0 to 1.
    noise: standard deviation of the colours, of 1.
    missing: share of the pixels without depth.
  """

  size: int
  solids: int
  texture: float
  noise: float
  missing: float


def load(
  split_seed: int | None = None,
  data_dir: str = '',
  files: str = '',
  num_train: int = 1000,
  num_valid: int = 200,
  num_test: int = 400,
  size: int = 64,
  solids: int = 5,
  texture: float = 0.3,
  noise: float = 0.03,
  missing: float = 0.1,
  tasks: tuple[str, ...] = ('segmentation', 'depth', 'normals'),
) -> base.Data:
  """Loads pictures uint8 `[N, size, size, 3]` and their maps.

  They are rendered once, and kept.

  Args:
    split_seed: every seed has rooms of its own; None is seed 0.
    data_dir: folder of prepared data; '' is the default of `files.home`.
    files: not used: the pictures are made here.
    num_train: number of training pictures.
    num_valid: number of validation pictures.
    num_test: number of test pictures.
    size: height and width in pixels: 32, 64 or 128.
    solids: the most in a room, at least 1.
    texture: contrast of the stripes of surfaces, from 0 to 1.
    noise: standard deviation of the noise of colours, of 1.
    missing: share of pixels without depth, from 0 to less than 1.
    tasks: of segmentation (13 classes), depth, normals, shading, count.

  Returns:
    The data set.

  Raises:
    InputError: an argument is out of range; it names it.
  """
  look = Look(size, solids, texture, noise, missing)
  counts = num_train, num_valid, num_test
  check(look, counts, tasks)
  seed = split_seed or 0
  parts = [
    _kept(_home(data_dir), look, seed, split, count)
    for split, count in enumerate(counts)
  ]
  splits = [_split(part, tasks) for part in parts]
  chosen = tuple(TASKS[name] for name in tasks)
  return base.check(base.counted(base.Data(*splits, chosen, CARD)))


def check(look: Look, counts: tuple[int, ...], tasks: tuple[str, ...]) -> None:
  """Checks the arguments of `load`.

  Raises:
    InputError: one is out of range.
  """
  if look.size not in SIZES:
    raise InputError(f'size is {look.size}; take one of {SIZES}')
  if look.solids < 1 or min(counts) < 1:
    raise InputError(
      f'solids is {look.solids} and the splits have {counts} pictures; give 1 '
      'or more of each'
    )
  for name in ('texture', 'noise', 'missing'):
    value = getattr(look, name)
    if not 0 <= value <= 1 or (name == 'missing' and value == 1):
      raise InputError(f'{name} is {value}; it must be a share from 0 to 1')
  if not tasks:
    raise InputError(f'tasks is empty; take some of {", ".join(TASKS)}')
  for name in tasks:
    if name not in TASKS:
      raise InputError(f'tasks has {name!r}; {nearest(name, TASKS)}')


def rendered(
  look: Look, seed: int, split: int, count: int
) -> dict[str, np.ndarray]:
  """Draws and renders the pictures of a split.

  Args:
    look: how.
    seed: of the data set.
    split: 0, 1 or 2: train, valid or test.
    count: number of pictures.

  Returns:
    Arrays `[count, ...]` by the names of `PARTS`.
  """
  each = [_picture(look, (seed, split, i)) for i in range(count)]
  return {name: np.stack([one[name] for one in each]) for name in PARTS}


def _picture(look: Look, key: tuple[int, int, int]) -> dict[str, np.ndarray]:
  seed, split, number = key
  # A stream per picture: more pictures do not change the first ones.
  bits = np.random.Philox(key=(seed << 2 | split) << 32 | number)
  random = np.random.Generator(bits)
  room = rooms.draw(random, look.solids)
  seen = render.picture(room, look.size, look.texture)
  depth = np.where(random.random(seen.depth.shape) < look.missing, 0, 1)
  return {
    'image': render.noisy(seen.colour, random, look.noise),
    'segmentation': seen.classes,
    'depth': np.float16(seen.depth * depth),
    'normals': np.float16(seen.normals),
    'shading': np.float16(seen.shading),
    'count': np.int32(seen.count),
  }


def _home(data_dir: str) -> pathlib.Path:
  return files.home(data_dir) / CARD.name


def _kept(home, look, seed, split, count) -> dict[str, np.ndarray]:
  """Reads a split that was rendered before, or renders and keeps it."""
  words = '-'.join(map(repr, look))
  folder = home / f'{VERSION}-{words}-{seed}-{split}-{count}'
  with prepared.lock(folder):
    if problem := next(iter(digests.problems(folder)), None):
      prepared.remove(folder, f'{problem.path} is damaged ({problem.what})')
      digests.forget(folder)
    if not digests.beside(folder).exists():
      _write(folder, rendered(look, seed, split, count))
  return _arrays(folder)


def _write(folder: pathlib.Path, arrays: dict[str, np.ndarray]) -> None:
  folder.mkdir(parents=True, exist_ok=True)
  for name, array in arrays.items():
    file = folder / f'{name}.npy'
    temporary = file.with_suffix('.tmp.npy')
    np.save(temporary, array, allow_pickle=False)
    os.replace(temporary, file)
  # Last: a folder without it is made again.
  digests.write_beside(folder)


@functools.lru_cache(maxsize=64)  # All cells of a table read the same arrays.
def _arrays(folder: pathlib.Path) -> dict[str, np.ndarray]:
  return {
    name: np.load(folder / f'{name}.npy', allow_pickle=False) for name in PARTS
  }


def _split(arrays: dict[str, np.ndarray], tasks: tuple[str, ...]) -> base.Split:
  labels = tuple(arrays[name] for name in tasks)
  mask = np.ones((len(arrays['image']), len(tasks)), bool)
  return base.Split(arrays['image'], labels, mask)
