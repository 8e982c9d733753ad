"""Two overlapping handwritten digits in one picture: which, and which?

The 1,797 glyphs (8x8, scikit-learn's `load_digits`) are cut into splits before
any picture is drawn, so no glyph is seen in two of them. The digits overlap,
so the two tasks compete for one encoder.
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
# Of the uint8 images followed by the uint8 labels.
SHA256 = '87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826'

CARD = base.Card(
  name='multi_digits',
  source='load_digits of scikit-learn (test set of the UCI digits, optdigits)',
  licence='BSD-3-Clause (scikit-learn, which ships the file)',
  citation='Alpaydin and Kaynak, Cascading Classifiers, Kybernetika 34, 1998',
  split_rule=(
    f'7:1:2 by blocks of {BLOCK} glyphs in file order (rows of one writer sit '
    'together, no writer is named); pictures are drawn inside a split'
  ),
  counts={},
  notes=(
    'Pictures of one split share glyphs, so they are not independent: about '
    '1,260, 180 and 360 glyphs stand behind the splits, however many pictures '
    'are drawn. A writer at the edge of a block may be in two splits.'
  ),
)


class Draw(NamedTuple):
  """Which glyphs (row numbers) are put where, one entry per picture."""

  left: Integer[np.ndarray, 'pictures']
  right: Integer[np.ndarray, 'pictures']
  shifts: Integer[np.ndarray, 'pictures 4']  # 0 or 1: y, x of left, of right


class Digits(tfds.core.GeneratorBasedBuilder, skip_registration=True):
  """The single glyphs, in file order, with values 0 to 16."""

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
  """Inputs uint8 `[N, canvas, canvas, 1]`; tasks left and right (ten each).

  `split_seed` fixes both the split of the glyphs and the pictures. `files` is
  not read: the glyphs come with scikit-learn.
  """
  if canvas < GLYPH + 2:
    raise InputError(f'canvas is {canvas}; left and right need {GLYPH + 2}')
  sizes = num_train, num_valid, num_test
  if min(sizes) < 1:
    raise InputError(f'each split needs a picture; asked for {sizes}')
  table = read(data_dir)
  draws = draw(len(table['label']), sizes, split_seed)
  parts = [picture_split(table, d, canvas) for d in draws]
  data = base.Data(*parts, TASKS, CARD)
  return base.check(base.counted(data))


def read(data_dir: str = '') -> dict[str, np.ndarray]:
  """The glyphs `[N, 8, 8]` and their labels, prepared if they are not yet."""
  builder = Digits(
    data_dir=files.home(data_dir), file_format=tfds.core.FileFormat.ARRAY_RECORD
  )
  return base.arrays(base.prepare(builder), 'rows')


def glyphs_of_sklearn() -> tuple[np.ndarray, np.ndarray]:
  """Glyphs and labels, uint8. Raises `InputError` if they are not the known."""
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
  """For each split, which of its own glyphs are put where."""
  rows = splits.grouped(np.arange(num_glyphs) // BLOCK, PARTS, seed)
  return tuple(
    _draw(own, splits.words(seed, (size, 6), stream))
    for stream, (own, size) in enumerate(zip(rows, sizes, strict=True), start=1)
  )


def _draw(own, chance) -> Draw:
  picks = own[(chance[:, :2] % len(own)).astype(np.int64)]
  return Draw(*picks.T, (chance[:, 2:] % 2).astype(np.int64))


def picture_split(table, drawn: Draw, canvas: int) -> base.Split:
  """The pictures of one split with their labels."""
  pictures = compose(table['glyph'], drawn, canvas)
  labels = table['label'].astype(np.int32)
  mask = np.ones((len(pictures), len(TASKS)), bool)
  return base.Split(pictures, (labels[drawn.left], labels[drawn.right]), mask)


def compose(
  glyphs: UInt8[np.ndarray, 'glyphs 8 8'], drawn: Draw, canvas: int
) -> UInt8[np.ndarray, 'pictures canvas canvas 1']:
  """Left glyphs at the top left, right ones at the bottom right; the maximum.

  Each is moved by 0 or 1 pixel in y and x. Values are 0 to 255.
  """
  glyphs = (glyphs.astype(np.int64) * 255 // BRIGHTEST).astype(np.uint8)
  pictures = np.zeros((len(drawn.left), canvas, canvas), np.uint8)
  far = canvas - GLYPH - 1
  _paste(pictures, glyphs[drawn.left], drawn.shifts[:, :2])
  _paste(pictures, glyphs[drawn.right], drawn.shifts[:, 2:] + far)
  return pictures[..., None]


def _paste(pictures, glyphs, corners: Int[np.ndarray, 'pictures 2']) -> None:
  for y, x in np.unique(corners, axis=0):
    here = np.flatnonzero((corners == (y, x)).all(axis=1))
    area = here, slice(y, y + GLYPH), slice(x, x + GLYPH)
    pictures[area] = np.maximum(pictures[area], glyphs[here])
