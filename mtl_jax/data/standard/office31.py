"""Office-31: 31 kinds of office objects in three domains, a task per domain.

Published protocol (LibMTL, DB-MTL, arXiv:2308.12029, table 4): pictures scaled
to 224 x 224, 60:20:20 by lists, a ResNet-18 trained on ImageNet, hard sharing,
Adam at 1e-4 with weight decay 1e-5, 64 rows of each domain in a batch, 100
epochs, 3 runs. Accuracies of single tasks are .8661 (Amazon), .9563 (DSLR) and
.9685 (Webcam), and

    delta_p = 100 * mean over the three domains of (M - B) / B

with B these values: positive is better. The lists are those of LibMTL,
examples/office/data_txt/office-31; put `amazon_train.txt` and the other eight
beside the folders of the domains. Without them the split is drawn here, and the
card says so.
"""

import pathlib
import sys

from mtl_jax.data import base
from mtl_jax.data.raw import miniature_command
from mtl_jax.data.raw.classed import domains

OFFICE = domains.Office(
  where='config.datasets.office31',
  folder='office31',
  domains={
    'amazon': ('amazon', 'Amazon'),
    'dslr': ('dslr', 'DSLR'),
    'webcam': ('webcam', 'Webcam'),
  },
  counts=(2817, 498, 795),
  classes=31,
  lists='5d28cb95d1562c786167cf9f092d9be8d05b7164ee48fb6d30a0272dd84a66c7',
  card=base.Card(
    name='office31',
    source='Office-31, the pictures of its domains amazon, dslr and webcam',
    licence='not stated by its authors; for research',
    citation='Saenko, Kulis, Fritz and Darrell, ECCV 2010',
    split_rule='',
    counts={},
    units='pictures',
  ),
  remedy=(
    'Office-31 (domain_adaptation_images) is linked on the page of the domain '
    'adaptation project of Saenko and others at Berkeley; put its folders '
    'amazon, dslr and webcam into the folder office31 of the raw files, or set '
    'config.files'
  ),
)


def load(
  split_seed: int | None = None,
  data_dir: str = '',
  files: str = '',
  size: int = 224,
  published: bool = True,
) -> base.Data:
  """Loads pictures uint8 `[N, size, size, 3]`; a domain is a task.

  Args:
    split_seed: None is the published split, if the folder has its lists, else a
      fixed one; a seed draws one.
    data_dir: folder of prepared data, where scaled pictures are stored once and
      memory-mapped.
    files: folder of raw files; they are there or in its folder `office31`.
    size: height and width in pixels.
    published: whether pictures, classes and lists must be the published ones.

  Returns:
    The data set, whose splits are views of one table; its sources are the
    domains.

  Raises:
    InputError: a folder is missing or incomplete, or a picture damaged.
  """
  return domains.load(OFFICE, split_seed, data_dir, files, size, published)


def miniature(folder: pathlib.Path) -> None:
  """Writes three classes in each domain, pictures of unlike sizes."""
  domains.miniature(folder, OFFICE)


if __name__ == '__main__':
  sys.exit(miniature_command.main('mtl_jax.data.standard.office31', miniature))
