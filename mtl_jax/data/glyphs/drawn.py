"""Which pictures each split has: of its own glyphs, or of shared ones."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Integer

from mtl_jax.data import splits
from mtl_jax.data.glyphs.generators import WHERE, Generator
from mtl_jax.errors import InputError

NAMES = 'num_train', 'num_valid', 'num_test'


class Draw(NamedTuple):
  """Glyphs and their places, one entry per picture.

  Attributes:
    left: numbers of the left glyphs.
    right: numbers of the right glyphs.
    corners: y and x of the left glyph on the canvas, then of the right one.
  """

  left: Integer[np.ndarray, 'pictures']
  right: Integer[np.ndarray, 'pictures']
  corners: Integer[np.ndarray, 'pictures 4']

  @property
  def glyphs(self) -> Integer[np.ndarray, '_']:
    """Numbers of the glyphs that occur."""
    return np.unique(np.concatenate([self.left, self.right]))


def draw(
  chosen: Generator,
  labels: Integer[np.ndarray, 'glyphs'],
  rows: splits.Rows,
  sizes: tuple[int, int, int],
  seed: int | None,
  leak: bool = False,
  where: str = WHERE,
) -> tuple[Draw, Draw, Draw]:
  """Draws the pictures of each split.

  Args:
    chosen: the generator.
    labels: class of each glyph.
    rows: numbers of the glyphs of each split.
    sizes: number of pictures of each split.
    seed: seed of the pictures, or None.
    leak: whether training and validation draw from the glyphs of both.
    where: section of the data set's config, for messages.

  Raises:
    InputError: if a split has more pictures than its glyphs allow.
  """
  names = [f'{where}.{name}' for name in NAMES]
  if not leak:
    parts = zip(names, rows, sizes, strict=True)
    return tuple(
      _drawn(chosen, labels, *part, seed, stream)
      for stream, part in enumerate(parts, start=1)
    )
  num_train, num_valid, num_test = sizes
  test = _drawn(chosen, labels, names[2], rows[2], num_test, seed, 3)
  both, count = np.concatenate(rows[:2]), num_train + num_valid
  name = f'{names[0]} + num_valid'
  pool = _drawn(chosen, labels, name, both, count, seed, 1)
  # In random order, as by train_test_split of scikit-learn: glyphs are left in
  # the order of `both`.
  order = np.argsort(splits.words(seed, count, 4), kind='stable')
  cut = order[:num_train], order[num_train:]
  train, valid = (Draw(*(field[part] for field in pool)) for part in cut)
  return train, valid, test


def _drawn(chosen, labels, name, rows, count, seed, stream) -> Draw:
  most = chosen.per_glyph * len(rows)
  if most and count > most:
    raise InputError(
      f'{name} is {count}, and this generator '
      f'makes at most {chosen.per_glyph} per glyph of {len(rows)}; give at '
      f"most {most}, or generator='pamal', which draws with replacement"
    )
  words = splits.words(seed, (max(count, len(rows)), 6), stream)
  pair = chosen.pair(labels, rows, count, words[:, :2])
  return Draw(*pair, chosen.corners(words[:count, 2:]))


def shared(drawn: tuple[Draw, ...]) -> float:
  """Share of the validation pictures with a glyph of a training picture."""
  train, valid = drawn[:2]
  seen = np.isin([valid.left, valid.right], train.glyphs)
  return float(seen.any(axis=0).mean())
