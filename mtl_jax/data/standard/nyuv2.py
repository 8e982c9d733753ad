"""NYU Depth V2: classes, depth and normals of 1,449 indoor pictures.

Two forms of the files are read, by `form`:

* `mtan`: the folders of .npy files that the authors of MTAN (arXiv:1803.10704)
  have preprocessed, 288 x 384 pixels: `train/` (795) and `val/` (654, the test
  split), each with `image`, `label`, `depth`, `normal`. All published tables
  were made of them.
* `mat`: the official `nyu_depth_v2_labeled.mat` with `splits.mat`, scaled to
  288 x 384 pixels here; see `raw.nyu_mat`. It has no normals.

Published protocol (SegNet or MTAN; CAGrad, Nash-MTL, FAMO): Adam at 1e-4,
halved after epoch 100 of 200, batches of 2, random scale, crop and flip, mean
of the last 10 epochs on the test split. Of single tasks they print mIoU .3830,
pixel accuracy .6376, absolute and relative depth error .6754 and .2780, mean
and median angle 25.01 and 19.21, shares within 11.25, 22.5 and 30 degrees
.3014, .5720 and .6915 (Nash-MTL, arXiv:2202.01017, table 2), and

    delta_m = 100 * mean over the nine metrics of sign * (M - B) / B

with B these values and sign -1 where higher is better: positive is worse.
LibMTL and DB-MTL take the mean inside a task first, and positive is better:
never mix.
Depth and angles are means over batches of the test split there
(`averaging='batches'`); LibMTL takes them over all pixels.
"""

import pathlib
import sys
from collections.abc import Sequence

from mtl_jax.data import base
from mtl_jax.data import files as files_lib
from mtl_jax.data.raw import (
  dense_sets,
  map_folders,
  map_store,
  miniature_command,
  miniatures,
  nyu_mat,
)
from mtl_jax.data.raw.map_folders import Pictures
from mtl_jax.errors import InputError, nearest

WHERE = 'config.datasets.nyuv2'
FOLDER = 'nyuv2'
CLASSES = 13
TASKS = 'segmentation', 'depth', 'normals'
FORMS = {'mtan': TASKS, 'mat': TASKS[:2]}
NAMES = {
  'image': ('image',),
  'segmentation': ('label',),
  'depth': ('depth',),
  'normals': ('normal',),
}
PUBLISHED = dense_sets.Published((795, 654), ((288, 384),))
REMEDY = (
  'the preprocessed NYUv2 is linked on the page of the MTAN project (Liu, '
  'Johns, Davison); put its folders train and val into the folder nyuv2 of the '
  'raw files, or set config.files to the folder that has them'
)

CARD = base.Card(
  name='nyuv2',
  source='NYU Depth V2, the labelled pictures',
  licence='not stated by its authors; for research',
  citation=(
    'Silberman, Hoiem, Kohli and Fergus, ECCV 2012; classes: Couprie et al., '
    'arXiv:1301.3572; preprocessed by Liu et al., arXiv:1803.10704'
  ),
  split_rule='',
  counts={},
  notes='Normals are made from depth (Eigen and Fergus, arXiv:1411.4734).',
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
  metric_batch: int = 2,
  published: bool = True,
) -> base.Data:
  """Loads pictures uint8 `[N, 288, 384, 3]` and their maps.

  Labels are int8 `[N, H, W]` (-1 is ignored), depth float16 `[N, H, W]` in
  metres (0 is missing), normals float16 `[N, H, W, 3]` (zero is missing).

  Args:
    split_seed: seed of the choice of validation pictures; None is a fixed one.
      The test pictures are the published ones in any case.
    data_dir: folder of prepared data, as in `files.home`; maps are stored there
      once and memory-mapped.
    files: folder of raw files, as in `files.folder`; the files are there or in
      its folder `nyuv2`.
    form: of the files, mtan or mat.
    tasks: segmentation, depth, normals; () is all that the files have.
    valid: share of the training pictures that is for validation.
    train_on_valid: whether they are trained on as well.
    averaging: of depth and angles over the test split: pixels or batches.
    metric_batch: pictures in these batches.
    published: whether counts and sizes must be the published ones.

  Returns:
    The data set, whose splits are views of one table.

  Raises:
    InputError: a file is missing or damaged, or is not of this data set.
  """
  if form not in FORMS:
    raise InputError(f'{WHERE}.form is {form!r}; {nearest(form, FORMS)}')
  names = dense_sets.chosen(tasks or FORMS[form], FORMS[form], WHERE)
  pictures = _pictures(form, files, data_dir, published)
  arrays = map_store.arrays(files_lib.home(data_dir), f'nyuv2-{form}', pictures)
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
    found = nyu_mat.find(folder)
  if published:
    dense_sets.check(found, PUBLISHED, folder, WHERE)
  return found


def miniature(folder: pathlib.Path) -> None:
  """Writes both forms: 6 and 4 random pictures of 16 x 16 pixels."""
  miniatures.folders(folder, NAMES, CLASSES)
  miniatures.nyu_mat(folder, nyu_mat.FILES)


if __name__ == '__main__':
  sys.exit(miniature_command.main('mtl_jax.data.standard.nyuv2', miniature))
