"""Fair's survey of extramarital affairs: 6,366 married women.

Fair, Journal of Political Economy 86, 1978, on a survey of a magazine (Redbook,
1974). Tasks are whether there was an affair, the logarithm of the time spent in
affairs where there was one, and how the marriage is rated.
"""

import functools
import io
import pathlib

import numpy as np
import pandas as pd

from mtl_jax.data import base, files
from mtl_jax.data.frames import making
from mtl_jax.data.frames.dataset import DataSet

INPUTS = (
  *('age', 'yrs_married', 'children', 'religious', 'educ', 'occupation'),
  'occupation_husb',
)
TASKS = (
  *('affair:binary', 'log_affairs:regression(log)', 'rate_marriage:ordinal'),
)
# Six occupations have numbers, whose order means little.
KINDS = ('occupation:category', 'occupation_husb:category')

CARD = base.Card(
  name='fair',
  source='fair.csv in the Python distribution statsmodels 0.15.0',
  licence='included in the distribution with permission of the author',
  citation='Fair, J Polit Econ 86:45-61, 1978',
  split_rule='3:1:1 by row, stratified by the classes of the tasks',
  counts={},
  notes=(
    'Answers are codes of intervals, so that 1,039 rows repeat another one; '
    'women who answer alike are not the same. log_affairs is the natural '
    'logarithm of the measure of Fair, known only where it is not 0. '
    'Regression labels are in standard deviations of the training split.'
  ),
  units='women',
)


def load(
  split_seed: int | None = None, data_dir: str = '', files: str = ''
) -> base.Data:
  """Loads the survey: 17 columns of inputs and three tasks.

  Args:
    split_seed: seed of the split; None is the fixed split of the card.
    data_dir: folder of prepared data; it only sets the default of `files`.
    files: folder of raw files; '' is the default of `files.folder`.

  Returns:
    The data set. The sizes of the splits do not depend on the seed.

  Raises:
    InputError: if the raw file is missing or its hash differs.
  """
  data = dataset(data_dir, files)(split_seed)
  return data._replace(card=CARD._replace(counts=data.card.counts))


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
  raw = files.member(files.SOURCES['fair'], folder)
  table = labelled(pd.read_csv(io.BytesIO(raw)))
  return making.frame(
    table, TASKS, INPUTS, kinds=KINDS, name=CARD.name, source=CARD.source
  )


def labelled(table: pd.DataFrame) -> pd.DataFrame:
  """Adds the columns of labels; a logarithm is NaN where there is none.

  Args:
    table: as published.
  """
  spent = table['affairs']
  return table.assign(
    affair=(spent > 0).astype(int), log_affairs=np.log(spent.where(spent > 0))
  )
