"""Two overlapping pieces of clothing in one picture, one task per piece.

The glyphs are those of Fashion-MNIST. Papers that share the name Multi-Fashion
compose them differently; `generator` chooses among five. Glyphs are split
before pictures are composed, whatever the generator: where pictures are made
first, as most papers do, validation shares glyphs with training, and
`leak=True` does that.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Integer, UInt8

from mtl_jax.data import base, splits
from mtl_jax.data.glyphs import composing, generators
from mtl_jax.data.glyphs import drawn as drawn_lib
from mtl_jax.data.glyphs.generators import Generator
from mtl_jax.data.raw import fashion_mnist
from mtl_jax.errors import InputError
from mtl_jax.tasks import Task

PARTS = (5, 1, 1)
TASKS = Task('left', 'multiclass', 10), Task('right', 'multiclass', 10)

CARD = base.Card(
  name='multi_fashion',
  source='Fashion-MNIST (github.com/zalandoresearch/fashion-mnist)',
  licence='MIT',
  citation='Xiao, Rasul and Vollgraf, arXiv:1708.07747',
  split_rule=(
    'glyphs: the official test split, and 5:1 of the official training split '
    'by class; with a seed 5:1:1 of all 70,000 by class. Pictures are composed '
    'inside a split'
  ),
  counts={},
  units='glyphs',
)


class Glyphs(NamedTuple):
  """All glyphs, those of the official test split last.

  Attributes:
    images: `[G, 28, 28]`.
    labels: classes 0 to 9, `[G]`.
    tests: number of those of the official test split.
  """

  images: UInt8[np.ndarray, 'glyphs height width']
  labels: Integer[np.ndarray, 'glyphs']
  tests: int


def load(
  split_seed: int | None = None,
  data_dir: str = '',
  files: str = '',
  generator: str = 'kurin',
  leak: bool = False,
  num_train: int = 50_000,
  num_valid: int = 10_000,
  num_test: int = 10_000,
) -> base.Data:
  """Loads pictures uint8 `[N, side, side, 1]` and their two tasks.

  Args:
    split_seed: seed of the split of the glyphs and of the pictures; None is
      the fixed split of the card, with the official test glyphs.
    data_dir: folder of prepared data, where `files.folder` needs it.
    files: folder of raw files; see `fashion_mnist.read`.
    generator: how pictures are made, a name of `generators.GENERATORS`; their
      side is 36 pixels for `pareto_mtl`, and 28 for the others.
    leak: whether training and validation pictures are made of the same glyphs,
      as most were published; the test glyphs are others in any case.
    num_train: number of training pictures.
    num_valid: number of validation pictures.
    num_test: number of test pictures.

  Returns:
    The data set with tasks `left` and `right` of ten classes each.

  Raises:
    InputError: if the generator is unknown or never leaks, a split has no
      picture or more than its glyphs allow, or the raw files are not there.
  """
  chosen = generators.of(generator, leak)
  sizes = num_train, num_valid, num_test
  for name, size in zip(drawn_lib.NAMES, sizes, strict=True):
    if size < 1:
      raise InputError(
        f'config.datasets.multi_fashion.{name} is {size}; it must be at least 1'
      )
  glyphs = read(files, data_dir)
  rows = glyph_rows(glyphs, split_seed)
  drawn = drawn_lib.draw(chosen, glyphs.labels, rows, sizes, split_seed, leak)
  parts = [picture_split(glyphs, d, chosen) for d in drawn]
  return base.check(
    base.counted(base.Data(*parts, TASKS, _card(chosen, drawn, leak)))
  )


def read(files: str = '', data_dir: str = '') -> Glyphs:
  """Reads all glyphs; see `fashion_mnist.read`."""
  raw = fashion_mnist.read(files, data_dir)
  images = np.concatenate([raw.train_images, raw.test_images])
  labels = np.concatenate([raw.train_labels, raw.test_labels])
  return Glyphs(images, labels.astype(np.int32), len(raw.test_labels))


def glyph_rows(glyphs: Glyphs, seed: int | None) -> splits.Rows:
  """Splits the glyphs, with the same share of each class in every part.

  Args:
    glyphs: all glyphs.
    seed: seed of the split; None keeps the official test split.

  Returns:
    Numbers of the glyphs of each split, in random order.
  """
  if seed is not None:
    return splits.stratified(glyphs.labels, PARTS, seed)
  first = len(glyphs.labels) - glyphs.tests
  test = first + np.argsort(splits.words(None, glyphs.tests, 5), kind='stable')
  return *splits.stratified(glyphs.labels[:first], PARTS[:2], None), test


def picture_split(
  glyphs: Glyphs, drawn: drawn_lib.Draw, chosen: Generator
) -> base.Split:
  """Composes the pictures of one split and collects their labels.

  Args:
    glyphs: all glyphs.
    drawn: the pictures to compose.
    chosen: the generator.
  """
  pictures = composing.compose(
    glyphs.images, *drawn, chosen.overlap, chosen.resize
  )
  labels = glyphs.labels[drawn.left], glyphs.labels[drawn.right]
  return base.Split(pictures, labels, np.ones((len(pictures), 2), bool))


def _card(
  chosen: Generator, drawn: tuple[drawn_lib.Draw, ...], leak: bool
) -> base.Card:
  notes = (
    f'Pictures as in {chosen.source}. Those of one split share glyphs, so they '
    'are not independent.'
  )
  # There are no more independent units than glyphs, and than pictures.
  counts = [min(len(d.glyphs), len(d.left)) for d in drawn]
  card = CARD._replace(
    notes=notes, unit_counts=dict(zip(base.Data._fields, counts, strict=False))
  )
  if not leak:
    return card
  share = drawn_lib.shared(drawn)
  return card._replace(
    split_rule='glyphs: the official test split, or with a seed a seventh of '
    'all by class; the others make the pictures of training and validation, '
    'which are split after that',
    notes=f'{notes} LEAK, as published: {share:.0%} of the validation pictures '
    'have a glyph of a training picture, so that validation favours what '
    'remembers glyphs. No test glyph is in another split.',
  )
