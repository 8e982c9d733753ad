"""Two overlapping handwritten digits in one picture, one task per digit.

The 1,797 glyphs (8x8, scikit-learn's `load_digits`) are split before pictures
are composed, so no glyph occurs in two splits. The digits overlap, so the two
tasks compete for the capacity of one encoder.
"""

import hashlib
from typing import NamedTuple

import numpy as np
import tensorflow_datasets as tfds
from jaxtyping import Int, Integer, UInt8

from mtl_jax.data import base, files, splits
from mtl_jax.errors import InputError
from mtl_jax.tasks import Task

GLYPH, BRIGHTEST = 8, 16
BLOCK = 45
PARTS = (7, 1, 2)
TASKS = Task('left', 'multiclass', 10), Task('right', 'multiclass', 10)
# Hash of the uint8 images followed by the uint8 labels.
SHA256 = '87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826'

CARD = base.Card(
  name='multi_digits',
  source='load_digits of scikit-learn (test set of the UCI digits, optdigits)',
  licence='BSD-3-Clause (scikit-learn, which ships the file)',
  citation='Alpaydin and Kaynak, Cascading Classifiers, Kybernetika 34, 1998',
  split_rule=(
    f'7:1:2 by blocks of {BLOCK} glyphs in file order (glyphs of one writer '
    'are adjacent, no writer is named); pictures are composed inside a split'
  ),
  counts={},
  notes=(
    'Pictures of one split share glyphs, so they are not independent: about '
    '1,260, 180 and 360 glyphs make up the splits, however many pictures are '
    'composed. A writer at the edge of a block may be in two splits.'
  ),
  units='glyphs',
)


class Draw(NamedTuple):
  """Glyphs and positions, one entry per picture.

  Attributes:
    left: row numbers of the left glyphs.
    right: row numbers of the right glyphs.
    shifts: 0 or 1 pixel: y and x of the left glyph, then of the right one.
  """

  left: Integer[np.ndarray, 'pictures']
  right: Integer[np.ndarray, 'pictures']
  shifts: Integer[np.ndarray, 'pictures 4']


class Digits(tfds.core.GeneratorBasedBuilder, skip_registration=True):
  """TFDS builder of the single glyphs, in file order, with values 0 to 16."""

  name = 'multi_digits'
  VERSION = tfds.core.Version('1.0.0')

  def _info(self):
    glyph = tfds.features.Tensor(
      shape=(GLYPH, GLYPH), dtype=np.uint8, encoding='bytes'
    )
    label = tfds.features.ClassLabel(num_classes=10)
    return tfds.core.DatasetInfo(
      builder=self,
      description=__doc__,
      citation=CARD.citation,
      features=tfds.features.FeaturesDict({'glyph': glyph, 'label': label}),
      disable_shuffling=True,
    )

  def _split_generators(self, dl_manager):
    return {'rows': self._generate_examples()}

  def _generate_examples(self):
    glyphs, labels = glyphs_of_sklearn()
    for i, (glyph, label) in enumerate(zip(glyphs, labels, strict=True)):
      yield i, {'glyph': glyph, 'label': int(label)}


def load(
  split_seed: int | None = None,
  data_dir: str = '',
  files: str = '',
  num_train: int = 6000,
  num_valid: int = 1000,
  num_test: int = 2000,
  canvas: int = 12,
) -> base.Data:
  """Loads pictures uint8 `[N, canvas, canvas, 1]` and their two tasks.

  Args:
    split_seed: seed of the split of the glyphs and of the pictures; None is
      the fixed split of the card.
    data_dir: folder of prepared data; '' is the default of `files.home`.
    files: not used: the glyphs come with scikit-learn.
    num_train: number of training pictures.
    num_valid: number of validation pictures.
    num_test: number of test pictures.
    canvas: height and width of a picture in pixels, at least 10.

  Returns:
    The data set with tasks `left` and `right` of ten classes each.

  Raises:
    InputError: if the canvas is too small, a split is empty, or scikit-learn
      has other glyphs.
  """
  if canvas < GLYPH + 2:
    raise InputError(f'canvas is {canvas}; it must be at least {GLYPH + 2}')
  sizes = num_train, num_valid, num_test
  if min(sizes) < 1:
    raise InputError(f'each split needs a picture; the sizes are {sizes}')
  table = read(data_dir)
  rows = blocks(len(table['label']), split_seed)
  parts = [
    picture_split(table, d, canvas) for d in _draws(rows, sizes, split_seed)
  ]
  card = CARD._replace(unit_counts=units(rows, sizes))
  return base.check(base.counted(base.Data(*parts, TASKS, card)))


def read(data_dir: str = '') -> dict[str, np.ndarray]:
  """Returns glyphs `[N, 8, 8]` and labels, and prepares them if necessary."""
  builder = Digits(
    data_dir=files.home(data_dir), file_format=tfds.core.FileFormat.ARRAY_RECORD
  )
  return base.arrays(base.prepare(builder), 'rows')


def glyphs_of_sklearn() -> tuple[np.ndarray, np.ndarray]:
  """Returns the glyphs and labels of scikit-learn, as uint8.

  Raises:
    InputError: if their hash is not the pinned one.
  """
  import sklearn.datasets  # takes a second, and only preparing needs it

  digits = sklearn.datasets.load_digits()
  glyphs = digits.images.astype(np.uint8)
  labels = digits.target.astype(np.uint8)
  got = hashlib.sha256(glyphs.tobytes() + labels.tobytes()).hexdigest()
  if got != SHA256:
    raise InputError(
      f'load_digits: sha256 is {got}, expected {SHA256}; '
      'install the pinned scikit-learn'
    )
  return glyphs, labels


def draw(
  num_glyphs: int, sizes: tuple[int, ...], seed: int | None
) -> tuple[Draw, ...]:
  """Draws the pictures of each split from its own glyphs.

  Args:
    num_glyphs: number of glyphs in the file.
    sizes: number of pictures per split.
    seed: seed of the split and of the pictures, or None.

  Returns:
    One `Draw` per split.
  """
  return _draws(blocks(num_glyphs, seed), sizes, seed)


def blocks(num_glyphs: int, seed: int | None) -> splits.Rows:
  """Splits the glyphs, by blocks of neighbours.

  Args:
    num_glyphs: number of glyphs in the file.
    seed: seed of the split, or None.

  Returns:
    Row numbers of the glyphs of each split.
  """
  return splits.grouped(np.arange(num_glyphs) // BLOCK, PARTS, seed)


def units(rows: splits.Rows, sizes: tuple[int, ...]) -> dict[str, int]:
  """Returns the number of independent units of each split.

  Pictures share glyphs, so there are no more units than glyphs; and no more
  than pictures.

  Args:
    rows: the glyphs of each split.
    sizes: number of pictures of each split.
  """
  counts = [min(len(r), size) for r, size in zip(rows, sizes, strict=True)]
  return dict(zip(('train', 'valid', 'test'), counts, strict=True))


def _draws(rows, sizes, seed) -> tuple[Draw, ...]:
  return tuple(
    # Six random words per picture: two glyphs and four shifts.
    _draw(own, splits.words(seed, (size, 6), stream))
    for stream, (own, size) in enumerate(zip(rows, sizes, strict=True), start=1)
  )


def _draw(own, words) -> Draw:
  picks = own[(words[:, :2] % len(own)).astype(np.int64)]
  return Draw(*picks.T, (words[:, 2:] % 2).astype(np.int64))


def picture_split(table, drawn: Draw, canvas: int) -> base.Split:
  """Composes the pictures of one split and collects their labels.

  Args:
    table: `glyph` `[G, 8, 8]` and `label` `[G]`.
    drawn: the pictures to compose.
    canvas: height and width of a picture in pixels.
  """
  pictures = compose(table['glyph'], drawn, canvas)
  # Both digits of every picture are known.
  labels = table['label'].astype(np.int32)
  mask = np.ones((len(pictures), len(TASKS)), bool)
  return base.Split(pictures, (labels[drawn.left], labels[drawn.right]), mask)


def compose(
  glyphs: UInt8[np.ndarray, 'glyphs 8 8'], drawn: Draw, canvas: int
) -> UInt8[np.ndarray, 'pictures canvas canvas 1']:
  """Composes pictures as the pixelwise maximum of two glyphs.

  Left glyphs are placed at the top left and right ones at the bottom right,
  each shifted by 0 or 1 pixel in y and x.

  Args:
    glyphs: glyphs with values 0 to 16.
    drawn: glyphs and shifts of each picture.
    canvas: height and width of a picture in pixels.

  Returns:
    Pictures with values 0 to 255.
  """
  glyphs = (glyphs.astype(np.int64) * 255 // BRIGHTEST).astype(np.uint8)
  pictures = np.zeros((len(drawn.left), canvas, canvas), np.uint8)
  far = canvas - GLYPH - 1
  _paste(pictures, glyphs[drawn.left], drawn.shifts[:, :2])
  _paste(pictures, glyphs[drawn.right], drawn.shifts[:, 2:] + far)
  return pictures[..., None]


def _paste(pictures, glyphs, corners: Int[np.ndarray, 'pictures 2']) -> None:
  # A loop over the few corners that occur, not over pictures.
  for y, x in np.unique(corners, axis=0):
    here = np.flatnonzero((corners == (y, x)).all(axis=1))
    area = here, slice(y, y + GLYPH), slice(x, x + GLYPH)
    pictures[area] = np.maximum(pictures[area], glyphs[here])
