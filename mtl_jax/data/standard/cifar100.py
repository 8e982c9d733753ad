"""CIFAR-100: 20 coarse classes as tasks, or coarse and fine classes as two.

`tasks='coarse'`: each coarse class is a task of its own pictures, which of its
five fine classes a picture shows; 2,500 training and 500 test pictures each, as
in routing networks (Rosenbaum et al., arXiv:1711.01239). Accuracies in PCGrad
(arXiv:2001.06782, table 2): task-specific last layer .42, all fully connected
layers .49, cross-stitch .53, all with the small network of Rosenbaum et al.;
and with another network independent .677, PCGrad .71, routing .747, routing and
PCGrad .775. Never one ranking. No accuracies per task are printed, hence there
is no base row; where a Delta_m is made of them here it is

    delta_p = 100 * mean over the tasks of (M - B) / B

with B of `single`: positive is better.

`tasks='levels'`: every picture has both labels, tasks `coarse` and `fine`.

The test split is the official one. None is published for validation, which is
taken from the training pictures, of each fine class alike.
"""

import functools
import pathlib
import sys

import numpy as np

from mtl_jax.data import base, splits
from mtl_jax.data import files as files_lib
from mtl_jax.data.derived import disjoint
from mtl_jax.data.raw import miniature_command
from mtl_jax.data.raw.classed import cifar_files, drawn_files, pickle_text
from mtl_jax.data.raw.classed.cifar_files import Pictures
from mtl_jax.errors import InputError, nearest
from mtl_jax.tasks import Task

WHERE = 'config.datasets.cifar100'
FOLDER = 'cifar100'
KINDS = 'coarse', 'levels'
COARSE = (
  *('aquatic_mammals', 'fish', 'flowers', 'food_containers'),
  *('fruit_and_vegetables', 'household_electrical_devices'),
  *('household_furniture', 'insects', 'large_carnivores'),
  *('large_man-made_outdoor_things', 'large_natural_outdoor_scenes'),
  *('large_omnivores_and_herbivores', 'medium_mammals'),
  *('non-insect_invertebrates', 'people', 'reptiles', 'small_mammals'),
  *('trees', 'vehicles_1', 'vehicles_2'),
)

CARD = base.Card(
  name='cifar100',
  source='CIFAR-100, the binary or the Python version',
  licence='not stated by its authors; for research',
  citation='Krizhevsky, Learning Multiple Layers of Features, 2009',
  split_rule=(
    'the official test pictures; train and valid {} of the official training '
    'pictures, by fine class'
  ),
  counts={},
  units='pictures',
)


def load(
  split_seed: int | None = None,
  data_dir: str = '',
  files: str = '',
  tasks: str = 'coarse',
  parts: tuple[int, ...] = (9, 1),
  published: bool = True,
) -> base.Data:
  """Loads pictures uint8 `[N, 32, 32, 3]`.

  Args:
    split_seed: seed of the choice of validation pictures; None is a fixed one.
    data_dir: folder of prepared data, where `files.folder` needs it.
    files: folder of raw files; they are there or in its folder `cifar100`.
    tasks: coarse, a task per coarse class, or levels, two tasks.
    parts: sizes of train and valid.
    published: whether the files must be those of CIFAR-100.

  Returns:
    The data set, whose splits are views of one table; with `coarse` each task
    is a source.

  Raises:
    InputError: a file is missing, damaged or another one, or a field is wrong.
  """
  if tasks not in KINDS:
    raise InputError(
      f'{WHERE}.tasks is {tasks!r}; {nearest(str(tasks), KINDS)}'
    )
  if len(parts) != 2 or any(type(n) is not int or n < 1 for n in parts):
    raise InputError(
      f'{WHERE}.parts is {parts!r}; give whole numbers for train and valid, '
      'such as (9, 1)'
    )
  folder = files_lib.folder(files, data_dir)
  folder = folder / FOLDER if (folder / FOLDER).is_dir() else folder
  found = _read(folder, published)
  before = len(found.fine) - found.tests
  train, valid = splits.stratified(found.fine[:before], parts, split_seed)
  rows = train, valid, np.arange(before, len(found.fine))
  card = CARD._replace(
    split_rule=CARD.split_rule.format(':'.join(map(str, parts)))
  )
  if tasks == 'levels':
    return _levels(found, rows, card)
  return disjoint.by_labels(_coarse(found, rows, card))


@functools.lru_cache(maxsize=1)  # All seeds split one table.
def _read(folder: pathlib.Path, published: bool) -> Pictures:
  return cifar_files.read(folder, published)


def _levels(found: Pictures, rows: splits.Rows, card: base.Card) -> base.Data:
  labels = found.coarse, found.fine
  mask = np.ones((len(found.fine), 2), bool)
  made = [
    Task(name, 'multiclass', int(own.max()) + 1)
    for name, own in zip(('coarse', 'fine'), labels, strict=True)
  ]
  return base.cut(base.Split(found.images, labels, mask), rows, made, card)


def _coarse(found: Pictures, rows: splits.Rows, card: base.Card) -> base.Data:
  """Makes a task of each coarse class: which of its fine classes it is."""
  made, labels, masks = [], [], []
  for number in np.unique(found.coarse):
    own = found.coarse == number
    fine, ranks = np.unique(found.fine[own], return_inverse=True)
    label = np.zeros(len(own), np.int32)
    label[own] = ranks
    made.append(Task(COARSE[number], 'multiclass', max(2, len(fine))))
    labels.append(label)
    masks.append(own)
  whole = base.Split(found.images, tuple(labels), np.stack(masks, axis=1))
  return base.cut(whole, rows, made, card)


def miniature(folder: pathlib.Path) -> None:
  """Writes both versions: pictures of four coarse and eight fine classes."""
  for number, count in enumerate((80, 24)):
    fine = np.arange(count) % 8
    images = np.stack(
      [
        drawn_files.drawn(i + 1000 * number, k, 32, 32)
        for i, k in enumerate(fine.tolist())
      ]
    )
    rows = images.transpose(0, 3, 1, 2).reshape(count, -1)
    labels = np.stack([fine // 2, fine], axis=1).astype(np.uint8)
    content = np.concatenate([labels, rows], axis=1).tobytes()
    (folder / cifar_files.BINARY[number]).write_bytes(content)
    table = {
      'coarse_labels': [*map(int, fine // 2)],
      'fine_labels': [*map(int, fine)],
      'data': rows,
    }
    inner = folder / 'python'
    inner.mkdir(exist_ok=True)
    data = pickle_text.of(table)
    (inner / cifar_files.PYTHON[number]).write_bytes(data)


if __name__ == '__main__':
  sys.exit(miniature_command.main('mtl_jax.data.standard.cifar100', miniature))
