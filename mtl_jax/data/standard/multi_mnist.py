"""Two overlapping handwritten digits in one picture, one task per digit.

The glyphs are those of MNIST, and the pictures are made as those of
`multi_fashion`: papers that share the name compose them in five ways, which
`generator` chooses from, and glyphs are split before pictures are made unless
`leak=True`.

Published for a LeNet (Kurin et al., NeurIPS 2022; `generator='kurin'`): Adam at
1e-2 times .95 after each of 100 epochs, batches of 256, 10 runs; the mean test
accuracy of both tasks is .9476 +- .0044 for the plain sum, .9399 to .9487 for
the others. They print no row of single tasks; that of Sener and Koltun (NeurIPS
2018, table 3; `generator='sener_koltun'`) is .9723 (left) and .9590 (right),
beside .9646 and .9499 for the plain sum. With B of a row of single tasks

    delta_p = 100 * mean over both tasks of (M - B) / B

is positive where it is better.
"""

import pathlib
import struct
import sys

import numpy as np

from mtl_jax.data import base, multi_fashion
from mtl_jax.data.glyphs import drawn as drawn_lib
from mtl_jax.data.glyphs import generators
from mtl_jax.data.raw import miniature_command
from mtl_jax.data.raw.classed import mnist_files
from mtl_jax.errors import InputError

WHERE = 'config.datasets.multi_mnist'
TASKS = multi_fashion.TASKS

CARD = multi_fashion.CARD._replace(
  name='multi_mnist',
  source='MNIST, the four idx files as published',
  licence='not stated by its authors',
  citation='LeCun, Bottou, Bengio and Haffner, Proc. IEEE 86, 1998',
)


def load(
  split_seed: int | None = None,
  data_dir: str = '',
  files: str = '',
  generator: str = 'kurin',
  leak: bool = False,
  num_train: int = 50_000,
  num_valid: int = 10_000,
  num_test: int = 10_000,
  published: bool = True,
) -> base.Data:
  """Loads pictures uint8 `[N, side, side, 1]` and their two tasks.

  Args:
    split_seed: seed of the split of the glyphs and of the pictures; None is
      the fixed split of the card, with the official test glyphs.
    data_dir: folder of prepared data, where `files.folder` needs it.
    files: folder of raw files; they are there or in its folder `mnist`.
    generator: how pictures are made, a name of `generators.GENERATORS`; their
      side is 36 pixels for `pareto_mtl`, and 28 for the others.
    leak: whether training and validation pictures are made of the same glyphs,
      as most were published; the test glyphs are others in any case.
    num_train: number of training pictures.
    num_valid: number of validation pictures.
    num_test: number of test pictures.
    published: whether the files must be those of MNIST.

  Returns:
    The data set with tasks `left` and `right` of ten classes each.

  Raises:
    InputError: if the generator is unknown or never leaks, a split has no
      picture or more than its glyphs allow, or a file is missing or another.
  """
  chosen = generators.of(generator, leak, WHERE)
  sizes = num_train, num_valid, num_test
  for name, size in zip(drawn_lib.NAMES, sizes, strict=True):
    if size < 1:
      raise InputError(f'{WHERE}.{name} is {size}; it must be at least 1')
  glyphs = read(files, data_dir, published)
  rows = multi_fashion.glyph_rows(glyphs, split_seed)
  drawn = drawn_lib.draw(
    chosen, glyphs.labels, rows, sizes, split_seed, leak, WHERE
  )
  parts = [multi_fashion.picture_split(glyphs, d, chosen) for d in drawn]
  card = _card(chosen, drawn, leak)
  return base.check(base.counted(base.Data(*parts, TASKS, card)))


def read(
  files: str = '', data_dir: str = '', published: bool = True
) -> multi_fashion.Glyphs:
  """Reads all glyphs; see `mnist_files.read`."""
  raw = mnist_files.read(files, data_dir, published)
  images = np.concatenate([raw.train_images, raw.test_images])
  labels = np.concatenate([raw.train_labels, raw.test_labels])
  return multi_fashion.Glyphs(
    images, labels.astype(np.int32), len(raw.test_labels)
  )


def _card(
  chosen: generators.Generator, drawn: tuple[drawn_lib.Draw, ...], leak: bool
) -> base.Card:
  # There are no more independent units than glyphs, and than pictures.
  counts = [min(len(d.glyphs), len(d.left)) for d in drawn]
  notes = (
    f'Pictures as in {chosen.source}. Those of one split share glyphs, so they '
    'are not independent.'
  )
  if leak:
    notes += (
      f' LEAK, as published: {drawn_lib.shared(drawn):.0%} of the validation '
      'pictures have a glyph of a training picture.'
    )
  return CARD._replace(
    notes=notes, unit_counts=dict(zip(base.Data._fields, counts, strict=False))
  )


def miniature(folder: pathlib.Path) -> None:
  """Writes 140 glyphs: a square whose place and size is its class."""
  names = [*mnist_files.SHA256]
  for own, count in ((names[:2], 120), (names[2:], 20)):
    labels = (np.arange(count) % 10).astype(np.uint8)
    images = np.zeros((count, 28, 28), np.uint8)
    for image, kind in zip(images, labels, strict=True):
      y, x = divmod(int(kind), 4)
      image[2 + 8 * y : 8 + 8 * y, 1 + 7 * x : 6 + 7 * x] = 200
    for name, values in zip(own, (images, labels), strict=True):
      axes = values.ndim
      head = struct.pack(f'>BBBB{axes}I', 0, 0, 8, axes, *values.shape)
      (folder / name).write_bytes(head + values.tobytes())


if __name__ == '__main__':
  sys.exit(
    miniature_command.main('mtl_jax.data.standard.multi_mnist', miniature)
  )
