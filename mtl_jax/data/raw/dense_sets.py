"""A data set of pictures with maps, of one table and a published test split."""

import pathlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mtl_jax.data import base, splits
from mtl_jax.data import files as files_lib
from mtl_jax.data.raw import map_store
from mtl_jax.data.raw.map_folders import Pictures
from mtl_jax.errors import InputError, nearest
from mtl_jax.tasks import Task

_VALID = 22  # the random stream that chooses validation pictures


class Published(NamedTuple):
  """What the files of a published data set are.

  Attributes:
    counts: number of pictures for training and for the test.
    sizes: heights and widths that were published.
  """

  counts: tuple[int, int]
  sizes: tuple[tuple[int, int], ...]


class Validation(NamedTuple):
  """The rule by which validation pictures are chosen; none is published.

  Attributes:
    share: of the training pictures.
    trained: whether they are trained on too, so that training has all.
    seed: None is the fixed choice.
  """

  share: float
  trained: bool
  seed: int | None


def tasks(
  names: Sequence[str], classes: int, averaging: str, metric_batch: int
) -> list[Task]:
  """Returns the tasks of these names.

  Args:
    names: of segmentation, depth, normals.
    classes: number of classes.
    averaging: of depth errors and angles: pixels or batches.
    metric_batch: pictures in these batches.
  """
  how = {'averaging': averaging, 'metric_batch': metric_batch}
  how = {} if averaging == 'pixels' else how
  fields = {'segmentation': {'num_classes': classes}}
  return [Task(name, name, **fields.get(name, how)) for name in names]


def folder(files: str, data_dir: str, name: str) -> pathlib.Path:
  """The folder of raw files, or that of this name in it."""
  whole = files_lib.folder(files, data_dir)
  return whole / name if (whole / name).is_dir() else whole


def make(
  arrays: map_store.Arrays,
  pictures: Pictures,
  tasks: Sequence[Task],
  valid: Validation,
  card: base.Card,
) -> base.Data:
  """Returns the data set; its splits are views of one table.

  Args:
    arrays: of `map_store.arrays`: `image`, a map per task, `known`.
    pictures: as they were read.
    tasks: named as the maps are.
    valid: how validation pictures are chosen.
    card: description of the files; what the rule is, is added.

  Raises:
    InputError: no validation picture, or none left to train on, or `base.check`
      refuses the data.
  """
  names = [name for name in arrays if name not in ('image', map_store.KNOWN)]
  columns = [names.index(task.name) for task in tasks]
  table = base.Split(
    arrays['image'],
    tuple(arrays[task.name] for task in tasks),
    np.asarray(arrays[map_store.KNOWN][:, columns]),
  )
  train, test = pictures.counts
  rows = *_rows(train, valid, card.name), np.arange(train, train + test)
  return base.cut(table, rows, tasks, _described(card, valid))


def check(
  pictures: Pictures, published: Published, folder: pathlib.Path, where: str
) -> None:
  """Raises `InputError` unless files have the published counts and size."""
  for split, found, wanted in zip(
    ('training', 'test'), pictures.counts, published.counts, strict=True
  ):
    if found != wanted:
      raise InputError(
        f'{folder} has {found} {split} pictures and the published split has '
        f'{wanted}; add what is missing, or set {where}.published=False for '
        'other files of this format'
      )
  size = pictures.read(0)['image'].shape[:2]
  if size not in published.sizes:
    sizes = ' or '.join(f'{h} x {w}' for h, w in published.sizes)
    raise InputError(
      f'{pictures.where(0)} is {size[0]} x {size[1]} pixels and the published '
      f'files are {sizes}; take those, or set {where}.published=False for '
      'other files of this format'
    )


def chosen(names: Sequence[str], known: Sequence[str], where: str) -> list[str]:
  """Returns the chosen tasks, in their order.

  Raises:
    InputError: one is unknown or named twice, or there is none.
  """
  names = [names] if isinstance(names, str) else list(names)
  for name in names:
    if name not in known:
      raise InputError(f'{where}.tasks: {name!r}; {nearest(str(name), known)}')
  if not names or len(set(names)) < len(names):
    raise InputError(
      f'{where}.tasks is {tuple(names)}; name each task once, and at least one '
      f'of {", ".join(known)}'
    )
  return names


def _rows(count: int, valid: Validation, name: str):
  """Numbers of the training and the validation pictures, in order."""
  held = round(count * valid.share) if 0 < valid.share < 1 else 0
  if not 0 < held < count:
    raise InputError(
      f'config.datasets.{name}.valid is {valid.share}; of {count} training '
      'pictures at least one must be for validation and one left, such as 0.1'
    )
  order = np.argsort(splits.words(valid.seed, count, _VALID), kind='stable')
  own = order if valid.trained else order[held:]
  return np.sort(own), np.sort(order[:held])


def _described(card: base.Card, valid: Validation) -> base.Card:
  rule = (
    f'the published test pictures, whatever the seed; {valid.share:.0%} of the '
    'published training pictures, drawn by the seed, are for validation, since '
    'no validation split is published'
  )
  notes = card.notes
  if valid.trained:
    rule += ' and they are trained on as well'
    notes += (
      ' Validation pictures are trained on, as published runs train on all: '
      'validation favours what fits the training pictures most.'
    )
  return card._replace(split_rule=rule, notes=notes.strip())
