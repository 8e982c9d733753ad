"""Cityscapes: seven categories and inverse depth of 3,475 street pictures.

Two forms of the files are read, by `form`:

* `mtan`: the folders of .npy files that the authors of MTAN (arXiv:1803.10704)
  have preprocessed, 128 x 256 pixels (or 256 x 512): `train/` (2,975) and
  `val/` (500, the test split), each with `image`, `label_7` and `depth`. All
  published tables were made of them.
* `original`: the official folders, scaled to 128 x 256 pixels here; see
  `raw.city_pictures`. Inverse depth is in 1 / metres there; the scale of MTAN's
  files was not published, so that depth errors are not comparable.

Published protocol (MTAN or SegNet; CAGrad, Nash-MTL, FAMO): Adam at 1e-4,
halved after epoch 100 of 200, batches of 8, random scale, crop and flip, mean
of the last 10 epochs on the test split. Of single tasks they print mIoU .7401,
pixel accuracy .9316, absolute and relative depth error .0125 and 27.77
(Nash-MTL, arXiv:2202.01017, table 3), and

    delta_m = 100 * mean over the four metrics of sign * (M - B) / B

with B these values and sign -1 where higher is better: positive is worse. The
other convention (LibMTL, DB-MTL: mean inside a task first, positive is better)
differs by the sign alone, as each task has two metrics.
Depth errors are means over batches of the test split there.
"""

import pathlib
import sys
from collections.abc import Sequence

from mtl_jax.data import base
from mtl_jax.data import files as files_lib
from mtl_jax.data.raw import (
  city_pictures,
  dense_sets,
  map_folders,
  map_store,
  miniature_command,
  miniatures,
)
from mtl_jax.data.raw.map_folders import Pictures
from mtl_jax.errors import InputError, nearest

WHERE = 'config.datasets.cityscapes'
FOLDER = 'cityscapes'
CLASSES = 7
TASKS = 'segmentation', 'depth'
FORMS = 'mtan', 'original'
NAMES = {
  'image': ('image',),
  'segmentation': ('label_7', 'label'),
  'depth': ('depth',),
}
PUBLISHED = dense_sets.Published((2975, 500), ((128, 256), (256, 512)))
REMEDY = (
  'the preprocessed Cityscapes is linked on the page of the MTAN project (Liu, '
  'Johns, Davison); put its folders train and val into the folder cityscapes '
  'of the raw files, or set config.files to the folder that has them'
)

CARD = base.Card(
  name='cityscapes',
  source='Cityscapes, the finely annotated pictures',
  licence='its own, for research and teaching; see the Cityscapes web site',
  citation=(
    'Cordts et al., CVPR 2016, arXiv:1604.01685; preprocessed by Liu et al., '
    'arXiv:1803.10704'
  ),
  split_rule='',
  counts={},
  notes=(
    'The test split is what Cityscapes calls val. Depth is inverse, by stereo.'
  ),
  units='pictures',
)


def load(
  split_seed: int | None = None,
  data_dir: str = '',
  files: str = '',
  form: str = 'mtan',
  tasks: Sequence[str] = (),
  valid: float = 0.1,
  train_on_valid: bool = False,
  averaging: str = 'pixels',
  metric_batch: int = 8,
  published: bool = True,
) -> base.Data:
  """Loads pictures uint8 `[N, 128, 256, 3]` and their maps.

  Labels are int8 `[N, H, W]` (-1 is ignored), inverse depth float16 `[N, H, W]`
  (0 is missing).

  Args:
    split_seed: seed of the choice of validation pictures; None is a fixed one.
      The test pictures are the published ones in any case.
    data_dir: folder of prepared data, as in `files.home`; maps are stored there
      once and memory-mapped.
    files: folder of raw files, as in `files.folder`; the files are there or in
      its folder `cityscapes`.
    form: of the files, mtan or original.
    tasks: segmentation, depth; () is both.
    valid: share of the training pictures that is for validation.
    train_on_valid: whether they are trained on as well.
    averaging: of depth errors over the test split: pixels or batches.
    metric_batch: pictures in these batches.
    published: whether counts and sizes must be the published ones.

  Returns:
    The data set, whose splits are views of one table.

  Raises:
    InputError: a file is missing or damaged, or is not of this data set.
  """
  if form not in FORMS:
    raise InputError(f'{WHERE}.form is {form!r}; {nearest(form, FORMS)}')
  names = dense_sets.chosen(tasks or TASKS, TASKS, WHERE)
  pictures = _pictures(form, files, data_dir, published)
  home = files_lib.home(data_dir)
  arrays = map_store.arrays(home, f'cityscapes-{form}', pictures)
  return dense_sets.make(
    arrays,
    pictures,
    dense_sets.tasks(names, CLASSES, averaging, metric_batch),
    dense_sets.Validation(valid, train_on_valid, split_seed),
    CARD,
  )


def _pictures(
  form: str, files: str, data_dir: str, published: bool
) -> Pictures:
  folder = dense_sets.folder(files, data_dir, FOLDER)
  if form == 'mtan':
    found = map_folders.find(folder, NAMES, CLASSES, REMEDY)
  else:
    found = city_pictures.find(folder)
  if published:
    dense_sets.check(found, PUBLISHED, folder, WHERE)
  return found


def miniature(folder: pathlib.Path) -> None:
  """Writes both forms: 6 and 4 random pictures of 16 x 32 pixels."""
  miniatures.folders(folder, NAMES, CLASSES, (16, 32))
  miniatures.cityscapes(folder, (16, 32))


if __name__ == '__main__':
  sys.exit(
    miniature_command.main('mtl_jax.data.standard.cityscapes', miniature)
  )
