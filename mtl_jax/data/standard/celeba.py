"""CelebA: 40 binary attributes of 202,599 faces, one task per attribute.

Pictures are scaled to 64 x 64 pixels as published (the whole aligned picture,
bilinear), and the split is the official one, by person: 162,770 / 19,867 /
19,962. Three protocols share these tasks and must not be mixed:

* Kurin et al., NeurIPS 2022: ResNet-18 and linear heads, mean test accuracy of
  the 40 tasks over 3 runs. No row of single tasks is printed, hence no Delta_m;
  their plain sum has .9090 +- .0008, all methods lie between .902 and .910.

* FAMO (arXiv:2306.03792) and IMGrad: a network of 9 layers, F1 of the class 1
  at .5 for each task, and
  `delta_m = 100 * mean over the 40 tasks of -(M - B) / B`,
  with B the F1 of their own single-task networks, which are not printed:
  positive is worse. `macro_f1` here is the mean of the F1 of both classes, and
  does not stand beside it.

* Sener and Koltun, NeurIPS 2018, and those who follow: the mean error in %.
"""

import pathlib
import sys
from collections.abc import Sequence

import numpy as np

from mtl_jax.data import base
from mtl_jax.data import files as files_lib
from mtl_jax.data.raw import miniature_command
from mtl_jax.data.raw.classed import (
  attribute_lists,
  drawn_files,
  face_pictures,
  picture_store,
)
from mtl_jax.data.raw.classed.attribute_lists import Faces
from mtl_jax.errors import InputError, nearest
from mtl_jax.tasks import Task

WHERE = 'config.datasets.celeba'
FOLDER = 'celeba'
COUNTS = 162_770, 19_867, 19_962
FORMS = 'files', 'tfds'

CARD = base.Card(
  name='celeba',
  source='CelebA, aligned and cropped pictures, attributes and partition',
  licence='for research that is not commercial, as its authors say',
  citation='Liu, Luo, Wang and Tang, ICCV 2015, arXiv:1411.7766',
  split_rule='the official one, by person, whatever the seed is',
  counts={},
  notes=(
    'Pictures of one person are in one split, and who is who is not read, so '
    'units are pictures and intervals are those of training noise.'
  ),
  units='pictures',
)


def load(
  split_seed: int | None = None,
  data_dir: str = '',
  files: str = '',
  form: str = 'files',
  tasks: Sequence[str] = (),
  size: int = 64,
  published: bool = True,
) -> base.Data:
  """Loads pictures uint8 `[N, size, size, 3]` and their attributes.

  Args:
    split_seed: not used: a split by picture would put a person into two.
    data_dir: folder of prepared data, where scaled pictures are stored once and
      memory-mapped; with `form='tfds'` it has `celeb_a` too.
    files: folder of raw files; they are there or in its folder `celeba`.
    form: files, the original ones, or tfds, the prepared data set `celeb_a`.
    tasks: names of attributes, as the files spell them; () is all.
    size: height and width in pixels.
    published: whether the files must be those of CelebA.

  Returns:
    The data set, whose splits are views of one table.

  Raises:
    InputError: a file is missing, damaged or another one, or a task unknown.
  """
  del split_seed
  if form not in FORMS:
    raise InputError(f'{WHERE}.form is {form!r}; {nearest(form, FORMS)}')
  if type(size) is not int or not 1 <= size <= 512:
    raise InputError(f'{WHERE}.size is {size!r}; give pixels, 1 to 512')
  faces = _faces(form, size, files, data_dir, published)
  names = _chosen(tasks, faces.names)
  counts = tuple(np.bincount(faces.parts, minlength=3).tolist())
  if published and counts != COUNTS:
    raise InputError(
      f'{WHERE}: the splits have {counts} pictures, and those of CelebA '
      f'{COUNTS}; set published=False for another set of this format'
    )
  images = picture_store.array(
    files_lib.home(data_dir), f'celeba-{form}', faces.pictures
  )
  labels = tuple(
    faces.values[:, faces.names.index(name)].astype(np.int32) for name in names
  )
  mask = np.ones((len(images), len(names)), bool)
  rows = [np.flatnonzero(faces.parts == part) for part in range(3)]
  made = [Task(name, 'binary') for name in names]
  return base.cut(base.Split(images, labels, mask), rows, made, CARD)


def _faces(
  form: str, size: int, files: str, data_dir: str, published: bool
) -> Faces:
  if form == 'tfds':
    # Only this form needs TFDS, whose import takes seconds.
    from mtl_jax.data.raw.classed import attributes_of_tfds

    return attributes_of_tfds.find(data_dir, size)
  folder = files_lib.folder(files, data_dir)
  folder = folder / FOLDER if (folder / FOLDER).is_dir() else folder
  return attribute_lists.find(folder, size, published)


def _chosen(tasks: Sequence[str], names: tuple[str, ...]) -> tuple[str, ...]:
  if isinstance(tasks, str):
    raise InputError(f"{WHERE}.tasks is {tasks!r}; give a tuple: ('Smiling',)")
  for name in tasks:
    if name not in names:
      raise InputError(f'{WHERE}.tasks: no {name!r}; {nearest(name, names)}')
  return tuple(tasks) or names


NAMES = 'Eyeglasses', 'Male', 'Smiling'  # of a miniature; three of the 40


def miniature(
  folder: pathlib.Path, counts: tuple[int, int, int] = (24, 8, 8)
) -> None:
  """Writes lists and 22 x 18 pixel pictures of three attributes.

  Args:
    folder: to write to.
    counts: numbers of pictures of the splits.
  """
  rows = [f'{i + 1:06}.jpg' for i in range(sum(counts))]
  bits = [[i >> k & 1 for k in range(3)] for i in range(len(rows))]
  lines = [
    ' '.join([name, *('1' if bit else '-1' for bit in own)])
    for name, own in zip(rows, bits, strict=True)
  ]
  text = '\n'.join([str(len(rows)), ' '.join(NAMES), *lines, ''])
  (folder / attribute_lists.ATTRIBUTES).write_text(text)
  parts = np.repeat(range(3), counts)
  text = ''.join(f'{n} {p}\n' for n, p in zip(rows, parts, strict=True))
  (folder / attribute_lists.PARTITION).write_text(text)
  for number, name in enumerate(rows):
    image = drawn_files.drawn(number, number % 8, 22, 18)
    drawn_files.save(folder / face_pictures.IMAGES / name, image)


if __name__ == '__main__':
  sys.exit(miniature_command.main('mtl_jax.data.standard.celeba', miniature))
