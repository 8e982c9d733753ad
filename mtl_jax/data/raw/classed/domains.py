"""A data set per domain: each domain is a task with rows of its own."""

import hashlib
import pathlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from mtl_jax.data import base, splits
from mtl_jax.data import files as files_lib
from mtl_jax.data.derived import disjoint
from mtl_jax.data.raw.classed import class_folders, drawn_files, picture_store
from mtl_jax.data.raw.classed.class_folders import Found
from mtl_jax.errors import InputError
from mtl_jax.tasks import Task

PARTS = 3, 1, 1
LISTED = (
  'the published lists of train, val and test, 60:20:20 drawn once by the '
  'authors of LibMTL'
)
DRAWN = (
  '60:20:20 by domain and class, drawn here: not the published split, as the '
  'folder lacks its lists'
)
SEEDED = '60:20:20 by domain and class, drawn by the seed: not as published'


class Office(NamedTuple):
  """One data set of pictures in domains.

  Attributes:
    where: the section of its config, for messages.
    folder: its folder among raw files.
    domains: spellings of the folder of each domain.
    counts: published number of pictures of each domain.
    classes: published number of classes.
    lists: SHA-256 of the published lists, one after the other.
    card: its description.
    remedy: what to do where files are missing.
  """

  where: str
  folder: str
  domains: Mapping[str, Sequence[str]]
  counts: tuple[int, ...]
  classes: int
  lists: str
  card: base.Card
  remedy: str


def load(
  office: Office,
  split_seed: int | None,
  data_dir: str,
  files: str,
  size: int,
  published: bool,
) -> base.Data:
  """Loads the pictures; see `load` of `standard.office31`."""
  if type(size) is not int or not 1 <= size <= 512:
    raise InputError(f'{office.where}.size is {size!r}; give pixels, 1 to 512')
  folder = files_lib.folder(files, data_dir)
  folder = (
    folder / office.folder if (folder / office.folder).is_dir() else folder
  )
  found = class_folders.find(folder, office.domains, office.remedy)
  if published:
    _check(office, found)
  rows, rule = _split(office, folder, found, split_seed, published)
  images = picture_store.array(
    files_lib.home(data_dir),
    office.card.name,
    class_folders.pictures(found, size),
  )
  mask = found.domains[:, None] == np.arange(len(office.domains))
  labels = tuple(
    np.where(own, found.classes, 0).astype(np.int32) for own in mask.T
  )
  tasks = [Task(d, 'multiclass', len(found.names)) for d in office.domains]
  card = office.card._replace(split_rule=rule)
  whole = base.Split(images, labels, mask)
  return disjoint.by_labels(base.cut(whole, rows, tasks, card))


def _check(office: Office, found: Found) -> None:
  counts = tuple(np.bincount(found.domains).tolist())
  if counts != office.counts or len(found.names) != office.classes:
    raise InputError(
      f'{office.where}: {", ".join(office.domains)} have {counts} pictures of '
      f'{len(found.names)} classes, and must have {office.counts} of '
      f'{office.classes}; unpack the data set again, or set published=False '
      'for another one of this format'
    )


def _split(
  office: Office, folder, found: Found, seed: int | None, published: bool
) -> tuple[splits.Rows, str]:
  """Returns the rows of each split and the rule, for the card."""
  if seed is None and (
    listed := class_folders.listed(folder, office.domains, found)
  ):
    rows, content = listed
    digest = hashlib.sha256(content).hexdigest()
    if published and digest != office.lists:
      raise InputError(
        f'the lists in {folder} are not the published ones: sha256 of all, one '
        f'after the other, is {digest}, expected {office.lists}; take those of '
        'LibMTL, remove them for a split that is drawn here, or set '
        f'{office.where}.published=False'
      )
    return rows, LISTED if published else 'the lists in the folder'
  # Each class of each domain in equal shares.
  strata = found.domains * len(found.names) + found.classes
  rule = DRAWN if seed is None else SEEDED
  return splits.stratified(strata, PARTS, seed), rule


def miniature(folder: pathlib.Path, office: Office) -> None:
  """Writes pictures of 14 to 18 pixels: three classes, eight of each.

  Args:
    folder: to write to.
    office: whose domains are written.
  """
  number = 0
  for domain, spellings in office.domains.items():
    inner = 'images' if domain.islower() else '.'  # as Office-31 has it
    for kind, name in enumerate(('bike', 'mug', 'pen')):
      for own in range(8):
        number += 1
        image = drawn_files.drawn(number, kind, 14 + own % 3, 16)
        place = folder / spellings[0] / inner / name
        drawn_files.save(place / f'frame_{own:04}.jpg', image)
