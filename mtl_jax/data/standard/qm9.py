"""QM9: eleven properties of 130,831 molecules, as multi-task papers have them.

The protocol is that of Nash-MTL (arXiv:2202.01017, section 5.1, and its code):
110,831 molecules train, 10,000 are validation and 10,000 test, drawn anew for
every seed; labels are standardised, errors are mean absolute errors in the
units of `TARGETS`.

  python -m mtl_jax.data.files qm9

fetches the molecules; the published archive and TFDS `qm9` are read too.
`python -m mtl_jax.data.standard.qm9 --miniature=FOLDER` writes a little archive
of made-up molecules.
"""

import functools
import pathlib

import numpy as np

from mtl_jax.data import base, columns, splits
from mtl_jax.data import files as raw_files
from mtl_jax.data.derived import qm9_targets
from mtl_jax.data.derived.qm9_targets import TARGETS
from mtl_jax.data.raw.molecular import found, xyz_miniature
from mtl_jax.errors import InputError, nearest
from mtl_jax.plugins.options import Parser
from mtl_jax.tasks import Task

_ORDER = 9  # the random stream that orders the molecules

CARD = base.Card(
  name='qm9',
  source='QM9, figshare: dsgdb9nsd.xyz.tar.bz2 and uncharacterized.txt, or the '
  'same molecules out of the Python distribution qm9pack 1.0.3',
  licence='CC0, by the note of the collection; qm9pack has MIT',
  citation='Ramakrishnan et al., Scientific Data 1, 140022, 2014 (data); Navon '
  'et al., ICML 2022, arXiv:2202.01017 (protocol)',
  split_rule='random molecules: 10,000 test, 10,000 validation, others train',
  counts={},
  notes=(
    'Published inputs have bond types, aromaticity and hybridisation by RDKit; '
    'here bonds come from distances. Published splits are those of a torch '
    'random seed, which is not reproduced. Published labels are standardised '
    'by all molecules, these by the training ones.'
  ),
  units='molecules',
)  # fmt: skip


def load(
  split_seed: int | None = None,
  data_dir: str = '',
  files: str = '',
  source: str = 'auto',
  charges: bool = False,
  num_valid: int = 10_000,
  num_test: int = 10_000,
  published: bool = True,
) -> base.Data:
  """Loads molecules and eleven properties.

  Args:
    split_seed: of the split; None is the fixed one.
    data_dir: folder of prepared data.
    files: folder of the archive; '' is the default of `files.folder`.
    source: 'archive', 'qm9pack', 'tfds', or the first that is there ('auto').
    charges: whether partial charges are inputs too. The same calculation gave
      them that gave the labels.
    num_valid: molecules of the validation split.
    num_test: molecules of the test split; the others train.
    published: False reads other files of the format, such as a miniature.

  Returns:
    The data set. Inputs are a dict: `atoms` int8 `[N, 29]`, atomic numbers with
    0 for padding, and `positions` float32 `[N, 29, 3]` in angstrom, 377 bytes
    per molecule (49 MB); `charges` float32 `[N, 29]`. Labels are standardised.

  Raises:
    InputError: a file is missing or another one, or an argument does not fit.
  """
  if source not in found.SOURCES:
    raise InputError(
      f'config.datasets.qm9.source is {source!r}; '
      + nearest(source, found.SOURCES)
    )
  table = _table(raw_files.folder(files, data_dir), data_dir, source, published)
  rows = split(len(table.numbers), num_valid, num_test, split_seed)
  inputs = {'atoms': table.atoms, 'positions': table.positions}
  if charges:
    inputs['charges'] = table.charges
  return _made(inputs, qm9_targets.labels(table), rows, published)


def _made(inputs, values: list[np.ndarray], rows, published: bool) -> base.Data:
  scaled, known = zip(
    *(columns.regression(own, rows[0]) for own in values), strict=True
  )
  tasks = [Task(t.name, 'regression', headline='mae') for t in TARGETS]
  card = CARD
  if not published:
    card = card._replace(notes=f'Not the published files. {card.notes}')
  whole = base.Split(inputs, scaled, np.stack(known, axis=1))
  data = base.cut(whole, rows, tasks, card)
  scales = tuple(
    columns.scale(own, rows[0], target.unit)
    for own, target in zip(values, TARGETS, strict=True)
  )
  return data._replace(scales=scales)


def split(
  count: int, num_valid: int, num_test: int, seed: int | None
) -> splits.Rows:
  """Splits molecules at random.

  Args:
    count: number of molecules.
    num_valid: of validation.
    num_test: of test.
    seed: as in `load`.

  Returns:
    Row numbers of train, valid and test.

  Raises:
    InputError: a split is empty.
  """
  if min(num_valid, num_test, count - num_valid - num_test) < 1:
    raise InputError(
      f'config.datasets.qm9.num_valid is {num_valid} and num_test {num_test}, '
      f'of {count} molecules; leave one at least for each of the three splits'
    )
  order = np.argsort(splits.words(seed, count, _ORDER), kind='stable')
  test, valid, train = np.split(order, [num_test, num_test + num_valid])
  return train, valid, test


# Every seed splits the same table.
_table = functools.lru_cache(maxsize=1)(found.find)


def main() -> None:
  """Writes little files of the format of the published ones."""
  parser = Parser(description=main.__doc__)
  parser.add_argument('--miniature', required=True, help='Folder to write to.')
  parser.add_argument('--count', type=int, default=60, help='Molecules.')
  chosen = parser.parse_args()
  print(xyz_miniature.write(pathlib.Path(chosen.miniature), chosen.count))


if __name__ == '__main__':
  main()
