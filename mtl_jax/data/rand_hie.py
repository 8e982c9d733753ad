"""RAND Health Insurance Experiment: what 5,912 persons used in a year.

Manning et al., American Economic Review 77, 1987: families were assigned to
plans by chance. One row is one person-year, so that rows of a person, and
persons of a family, are alike: splits cut no family. Tasks are counts of
visits, whether anything was spent, and the logarithm of what was spent where it
was (a two-part model: dollars are zero for many and have a long tail).
"""

import functools
import io
import pathlib

import numpy as np
import pandas as pd

from mtl_jax.data import base, files
from mtl_jax.data.frames import making
from mtl_jax.data.frames.dataset import DataSet

# Plan and price, then the person, as known before the year began.
INPUTS = (
  *('coins', 'idp', 'mdeoff', 'pioff', 'lpi', 'fmde', 'logc'),
  *('xage', 'female', 'child', 'fchild', 'black', 'educdec', 'income'),
  *('linc', 'num', 'lfam', 'mhi', 'disea', 'physlm', 'hlthg', 'hlthf'),
  *('hlthp', 'xghindx', 'tookphys', 'time'),
)
# What happened in the year, and functions of it: never an input.
OUTCOMES = (
  *('mdvis', 'notmdvis', 'mentvis', 'totadm', 'outpdol', 'drugdol'),
  *('suppdol', 'mentdol', 'inpdol', 'meddol', 'binexp', 'lnmeddol', 'inpmis'),
)
# No inputs either: persons, families, and columns that repeat another one.
OTHERS = ('zper', 'site', 'plan', 'year', 'ghindx', 'lnum')
DOLLARS = {'outp': 'outpdol', 'drug': 'drugdol', 'inp': 'inpdol'}
TASKS = (
  *('mdvis:count', 'notmdvis:count', 'any_ment:binary'),
  *(f'any_{name}:binary' for name in DOLLARS),
  *(f'log_{name}:regression(log dollars)' for name in DOLLARS),
)

CARD = base.Card(
  name='rand_hie',
  source='src/randhie.csv in the Python distribution statsmodels 0.15.0',
  licence='public domain, by the note of the distribution',
  citation='Manning et al., Am Econ Rev 77:251-277, 1987',
  split_rule=(
    '3:1:1 by family (equal site, plan and income), stratified by whether one '
    'of it had psychotherapy'
  ),
  counts={},
  notes=(
    'any_ment, any_outp, any_drug, any_inp: whether there were dollars for '
    'psychotherapy, outpatient care, drugs, hospitals. log_*: their natural '
    'logarithm, known only where there were any, and for hospitals only where '
    'all charges are known. Families are told apart by site, plan and income, '
    'so that a few may be taken for one. Regression labels are in standard '
    'deviations of the training split.'
  ),
  units='families',
)


def load(
  split_seed: int | None = None, data_dir: str = '', files: str = ''
) -> base.Data:
  """Loads the experiment: 26 columns of inputs and nine tasks.

  Args:
    split_seed: seed of the split; None is the fixed split of the card.
    data_dir: folder of prepared data; it only sets the default of `files`.
    files: folder of raw files; '' is the default of `files.folder`.

  Returns:
    The data set. The sizes of the splits depend a little on the seed, because
    families are not split.

  Raises:
    InputError: if the raw file is missing or its hash differs.
  """
  data = dataset(data_dir, files)(split_seed)
  counts, units = data.card.counts, data.card.unit_counts
  return data._replace(card=CARD._replace(counts=counts, unit_counts=units))


def dataset(data_dir: str = '', folder: str = '') -> DataSet:
  """Returns the table as a data set, which also describes its columns.

  Args:
    data_dir: as in `load`.
    folder: of raw files, as in `load`.
  """
  return _dataset(files.folder(folder, data_dir))


# Every seed splits the same table.
@functools.lru_cache(maxsize=1)
def _dataset(folder: pathlib.Path) -> DataSet:
  raw = files.member(files.SOURCES['rand_hie'], folder)
  table = labelled(pd.read_csv(io.BytesIO(raw)))
  return making.frame(
    table, TASKS, INPUTS, group='family', name=CARD.name, source=CARD.source
  )


def labelled(table: pd.DataFrame) -> pd.DataFrame:
  """Adds the columns of labels, and the family of each row.

  Args:
    table: as published.

  Returns:
    A table with more columns; a logarithm is NaN where there is none.
  """
  own = {
    'family': table.groupby(['site', 'plan', 'income']).ngroup(),
    'any_ment': (table['mentdol'] > 0).astype(int),
  }
  for name, dollars in DOLLARS.items():
    spent = table[dollars]
    own[f'any_{name}'] = (spent > 0).astype(int)
    own[f'log_{name}'] = np.log(spent.where(spent > 0))
  # Of some stays in hospital a charge is missing: their sum is too small.
  own['log_inp'] = own['log_inp'].where(table['inpmis'] == 0)
  return table.assign(**own)
