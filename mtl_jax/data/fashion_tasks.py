"""Tasks of one Fashion-MNIST picture whose middle is hidden.

After the pairs of cross-stitch networks (Misra et al., CVPR 2016), a task with
classes and one of continuous maps, which need the same picture in different
ways. The input is a picture of 28 x 28 bytes whose 12 x 12 pixels in the middle
are black. Its tasks:

- `item`, 10 classes: what the picture shows, as published.
- `hidden`, 9 numbers: the mean brightness of the 3 x 3 blocks of the hidden
  middle. A function of no visible pixel, so that what continues there has to be
  recognised. The item explains .31 of its variance, ridge regression on the
  pixels .83.
- `lean`, a number: the correlation of x and y over the whole picture, weighted
  by brightness: whether its mass runs along a diagonal. A ratio of products of
  moments, a part of which is hidden: the item explains .76, ridge .85.
- `warm`, binary: whether it is worn in the cold (pullover, coat or ankle boot).
  It follows from the item but not conversely, and cuts across its shapes: coats
  look like shirts, boots like sneakers. Logistic regression finds .88.

With the labels of `hidden` and `lean` in place of the picture, `item` is found
in .56 of the cases, with logistic regression on the picture in .79: no task is
a copy of another. (From 4,000 pictures, on 5,000 others; another draw or
regularisation moves these figures by up to .03.)
"""

import functools
import pathlib

import numpy as np
from jaxtyping import Integer

from mtl_jax.data import base, splits
from mtl_jax.data import files as raw_files
from mtl_jax.data.derived.fashion_labels import SCALES, TASKS, labelled
from mtl_jax.data.raw import fashion_mnist
from mtl_jax.errors import InputError, nearest

WHERE = 'config.datasets.fashion_tasks'

CARD = base.Card(
  name='fashion_tasks',
  source='Fashion-MNIST, the four idx files as published',
  licence='MIT',
  citation='Xiao, Rasul, Vollgraf, Fashion-MNIST, arXiv:1708.07747, 2017',
  split_rule='',
  counts={},
  notes=(
    'Inputs lack their middle. item: as published; hidden: mean brightness of '
    'the 3 x 3 blocks of the middle; lean: correlation of x and y weighted by '
    'brightness; warm: pullover, coat, ankle boot. Regression labels are in '
    'standard deviations over the 60,000 official training pictures.'
  ),
  units='rows',
)
OFFICIAL_RULE = 'the official training and test pictures, stratified by item'
ANEW_RULE = 'all 70,000 pictures anew for each seed, stratified by item'
APART_RULE = (
  'all 70,000 pictures are dealt into {blocks} parts, by item; a seed splits a '
  'part of its own, so that seeds have no picture in common'
)


def load(
  split_seed: int | None = None,
  data_dir: str = '',
  files: str = '',
  tasks: tuple[str, ...] = ('item', 'hidden'),
  num_train: int = 4000,
  num_valid: int = 1000,
  num_test: int = 2000,
  blocks: int = 1,
) -> base.Data:
  """Loads pictures uint8 `[N, 28, 28, 1]` and the tasks that are asked for.

  Args:
    split_seed: seed of the split; None is the official one.
    data_dir: folder of prepared data; it only sets the default of `files`.
    files: folder of the four files, as in `raw.fashion_mnist.read`.
    tasks: names among `TASKS`.
    num_train: number of training pictures.
    num_valid: number of validation pictures.
    num_test: number of test pictures.
    blocks: parts that the pictures are dealt into. With 1 the splits of seeds
      overlap; with B the seeds 0 to B - 1 have no picture in common and are
      compared as independent draws.

  Returns:
    The data set; each split has the ten items in equal shares.

  Raises:
    InputError: if a task is unknown, sizes are not possible, a seed has no
      block, or the files are missing or not those of Fashion-MNIST.
  """
  sizes = num_train, num_valid, num_test
  check(split_seed, tasks, sizes, blocks)
  table = _table(raw_files.folder(files, data_dir), files, data_dir)
  rows = split(table['item'], table['official'], sizes, split_seed, blocks)
  labels = tuple(table[name] for name in tasks)
  mask = np.ones((len(labels[0]), len(tasks)), bool)
  whole = base.Split(table['pictures'], labels, mask)
  chosen = [TASKS[name] for name in tasks]
  data = base.cut(whole, rows, chosen, _card(split_seed, blocks))
  return data._replace(scales=tuple(SCALES.get(name) for name in tasks))


def check(
  split_seed: int | None,
  tasks: tuple[str, ...],
  sizes: tuple[int, ...],
  blocks: int,
) -> None:
  """Checks the arguments of `load`, before a file is read.

  Raises:
    InputError: as `load` does.
  """
  if isinstance(tasks, str) or not tasks or len(set(tasks)) < len(tasks):
    raise InputError(
      f'{WHERE}.tasks is {tasks!r}; it must be a tuple of different names '
      f'among {", ".join(TASKS)}'
    )
  if other := [name for name in tasks if name not in TASKS]:
    near = nearest(other[0], TASKS)
    raise InputError(f'{WHERE}.tasks: no task {other[0]!r}; {near}')
  if blocks < 1:
    raise InputError(f'{WHERE}.blocks is {blocks}; it must be at least 1')
  if blocks > 1 and split_seed is not None and split_seed >= blocks:
    raise InputError(
      f'{WHERE}.blocks is {blocks}, so that there is no part for seed '
      f'{split_seed}; set blocks={split_seed + 1} or more, or 1 for resplits '
      'that overlap'
    )
  for name, size in zip(base.Data._fields, sizes, strict=False):
    if size < 10:
      raise InputError(
        f'{WHERE}.num_{name} is {size}; it must be at least 10, one per item'
      )


def split(
  items: Integer[np.ndarray, 'pictures'],
  official: int,
  sizes: tuple[int, ...],
  seed: int | None,
  blocks: int = 1,
) -> splits.Rows:
  """Draws the rows of train, valid and test, with equal shares of the items.

  Args:
    items: of all pictures, the official training pictures first.
    official: number of these.
    sizes: number of rows of each split.
    seed: None is the official split.
    blocks: parts of which a seed splits one, see `load`.

  Raises:
    InputError: if there are not so many pictures.
  """
  if seed is None:
    before, after = np.split(np.arange(len(items)), [official])
    train = _drawn(items, before, sizes[:2], None, 'num_train, num_valid')
    return (*train, *_drawn(items, after, sizes[2:], None, 'num_test'))
  # The same parts for all seeds, so that they have no row in common.
  parts = splits.stratified(items, (1,) * blocks, None)
  own = parts[seed if blocks > 1 else 0]
  return _drawn(items, own, sizes, seed, 'num_train, num_valid, num_test')


def _drawn(items, rows, sizes, seed, names: str) -> splits.Rows:
  rest = len(rows) - sum(sizes)
  if rest < 0:
    raise InputError(
      f'{WHERE}: {names} are {sum(sizes):,} pictures together and there are '
      f'{len(rows):,}; ask for fewer'
    )
  *chosen, _ = splits.stratified(items[rows], (*sizes, rest), seed)
  return tuple(rows[own] for own in chosen)


def _card(split_seed: int | None, blocks: int) -> base.Card:
  if split_seed is None:
    return CARD._replace(split_rule=OFFICIAL_RULE)
  if blocks == 1:
    return CARD._replace(split_rule=ANEW_RULE)
  rule = APART_RULE.format(blocks=blocks)
  return CARD._replace(split_rule=rule, drawn=True)


# All seeds split the same table, which is held in memory once.
@functools.lru_cache(maxsize=1)
def _table(folder: pathlib.Path, files: str, data_dir: str) -> dict:
  del folder  # names the cached table where `files` is the default
  glyphs = fashion_mnist.read(files, data_dir)
  pictures = np.concatenate([glyphs.train_images, glyphs.test_images])
  items = np.concatenate([glyphs.train_labels, glyphs.test_labels])
  table = labelled(pictures, items.astype(np.int32))
  return table | {'official': len(glyphs.train_labels)}
