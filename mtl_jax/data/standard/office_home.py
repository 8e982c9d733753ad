"""Office-Home: 65 kinds of objects in four domains, a task per domain.

Published protocol (LibMTL, DB-MTL, arXiv:2308.12029, table 4): as that of
Office-31, see `standard.office31`. Accuracies of single tasks are .6559 (Art),
.7960 (Clipart), .9047 (Product) and .8000 (Real World), and

    delta_p = 100 * mean over the four domains of (M - B) / B

with B these values: positive is better. The lists are those of LibMTL,
examples/office/data_txt/office-home; put `Art_train.txt` and the other eleven
beside the folders of the domains. Without them the split is drawn here, and the
card says so.
"""

import pathlib
import sys

from mtl_jax.data import base
from mtl_jax.data.raw import miniature_command
from mtl_jax.data.raw.classed import domains

OFFICE = domains.Office(
  where='config.datasets.office_home',
  folder='office_home',
  domains={
    'Art': ('Art',),
    'Clipart': ('Clipart',),
    'Product': ('Product',),
    'Real_World': ('Real World', 'Real_World', 'RealWorld'),
  },
  counts=(2427, 4365, 4439, 4357),
  classes=65,
  lists='95a56a6375e814055aa305592c140dd0bbfceb970846a053bf7b03c49b4f0aa0',
  card=base.Card(
    name='office_home',
    source='Office-Home, the pictures of its four domains',
    licence='for research that is not commercial, as its authors say',
    citation='Venkateswara et al., CVPR 2017, arXiv:1706.07522',
    split_rule='',
    counts={},
    units='pictures',
  ),
  remedy=(
    'Office-Home is given out on the page of its authors (Hemanth '
    'Venkateswara, Deep Hashing Network); put its folders Art, Clipart, '
    'Product and Real World into the folder office_home of the raw files, or '
    'set config.files'
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
    files: folder of raw files; they are there or in its folder `office_home`.
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
  sys.exit(
    miniature_command.main('mtl_jax.data.standard.office_home', miniature)
  )
