"""Census-Income (KDD): two questions about 299,285 persons, as in MMoE.

Ma et al., KDD 2018, section 6.3, and papers after it ask two of three questions
whose columns are in the files: is the income above 50,000 dollars, has the
person a college degree, has the person never been married. The user downloads
the files, see `raw.census`.
"""

import functools
import pathlib
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from mtl_jax.data import base, splits
from mtl_jax.data import files as raw_files
from mtl_jax.data.raw import census, census_inputs
from mtl_jax.errors import InputError, nearest
from mtl_jax.tasks import Task

# The questions of each group of the paper, the main one first.
PAIRS = {
  'income': ('income', 'marital'),
  'education': ('education', 'marital'),
}
CATEGORIES = ('embed', 'onehot')
# Removed from the inputs in both groups. The weight says how many persons of
# the population a row stands for, by sex, age and race.
DROPPED = ('income', 'education', 'marital', 'instance_weight')
INPUTS = tuple(name for name in census.COLUMNS if name not in DROPPED)
# The paper does not say which degrees count. Of these the correlation with
# 'never married' is -.238 in the test file, and the paper has .237; with 'Some
# college but no degree' it is -.281, from a bachelor's degree on -.196.
COLLEGE = census.EDUCATION[-6:]
# Parts of a resplit, of the sizes of the published split: two thirds train.
PARTS = (4, 1, 1)
_HALVES = 7  # the random stream that halves the test file

CARD = base.Card(
  name='census_income',
  source='Census-Income (KDD), UCI Machine Learning Repository: '
  'census-income.data and census-income.test',
  licence='CC BY 4.0, by the note of the repository',
  citation='Ma et al., KDD 2018, section 6.3 (protocol); U.S. Census Bureau, '
  'Current Population Surveys of 1994 and 1995 (data)',
  split_rule='the training file trains; random halves of the test file are '
  'validation and test, as in MMoE, which does not say its random seed',
  counts={},
  notes=(
    'Education and marital status are never inputs, whatever the tasks are. '
    "'education' is an associate degree or higher, which is assumed: the paper "
    'says "at least college", and its correlation of the labels suggests it. '
    'Persons of one household are in the survey and not named, so that rows '
    'are not quite independent, and many rows repeat another one. The training '
    'file is known by its structure only: its digest is not pinned.'
  ),
  units='persons',
)


class Table(NamedTuple):
  """Both files, one after the other.

  Attributes:
    inputs: as in `load`.
    labels: 0 or 1 `[N]`, by question.
    num_train: number of rows of the training file, which are the first.
  """

  inputs: Any
  labels: dict[str, np.ndarray]
  num_train: int


def load(
  split_seed: int | None = None,
  data_dir: str = '',
  files: str = '',
  pair: str = 'income',
  categories: str = 'embed',
  published: bool = True,
) -> base.Data:
  """Loads persons and two questions about them.

  Args:
    split_seed: None is the published split; a seed splits the rows of both
      files anew, at the same sizes and with equal shares of the answers.
    data_dir: folder of prepared data; it only sets the default of `files`.
    files: folder of the download; '' is the default of `files.folder`.
    pair: 'income' (and marital) or 'education' (and marital).
    categories: 'embed' gives a dict of `numbers` float32 `[N, 7]` and
      `categories` int32 `[N, 31]`, for encoder `mixed`; 'onehot' one float32
      array of some 490 columns, which takes .6 GB.
    published: False reads other files of the same format, such as a miniature.

  Returns:
    The data set. Its inputs do not depend on the split, so that all seeds share
    them.

  Raises:
    InputError: a file is missing or another one, or an argument is no option.
  """
  for name, given, options in (
    ('pair', pair, PAIRS),
    ('categories', categories, CATEGORIES),
  ):
    if given not in options:
      where = f'config.datasets.census_income.{name} is {given!r}'
      raise InputError(f'{where}; {nearest(given, options)}')
  folder = raw_files.folder(files, data_dir)
  table = _table(folder, categories, published)
  names = PAIRS[pair]
  labels = tuple(table.labels[name] for name in names)
  rows = split(labels, table.num_train, split_seed)
  mask = np.ones((len(labels[0]), len(names)), bool)
  tasks = [Task(name, 'binary') for name in names]
  whole = base.Split(table.inputs, labels, mask)
  return base.cut(whole, rows, tasks, _card(split_seed, published))


def split(
  labels: tuple[np.ndarray, ...], num_train: int, seed: int | None
) -> splits.Rows:
  """Splits the rows.

  Args:
    labels: of the tasks, 0 or 1.
    num_train: number of rows of the training file.
    seed: as in `load`.

  Returns:
    Row numbers of train, valid and test.
  """
  rows = np.arange(len(labels[0]))
  if seed is not None:
    strata = sum(label.astype(int) << i for i, label in enumerate(labels))
    return splits.stratified(strata, PARTS, seed)
  others = rows[num_train:]
  draw = splits.words(None, len(others), _HALVES)
  order = others[np.argsort(draw, kind='stable')]
  return rows[:num_train], *np.array_split(order, 2)


def answers(table: pd.DataFrame) -> dict[str, np.ndarray]:
  """Returns labels, 0 or 1, by question.

  Args:
    table: as `census.read` returns it.
  """
  found = {
    'income': table['income'] == census.RICH,
    'education': table['education'].isin(COLLEGE),
    'marital': table['marital'] == census.UNMARRIED,
  }
  return {name: own.to_numpy(np.int32) for name, own in found.items()}


# Every seed splits the same table.
@functools.lru_cache(maxsize=1)
def _table(folder: pathlib.Path, categories: str, published: bool) -> Table:
  parts = [
    census.read(part, folder, published) for part in (census.TRAIN, census.TEST)
  ]
  whole = census_inputs.joined(*parts)
  inputs = census_inputs.encoded(whole[[*INPUTS]], categories == 'onehot')
  return Table(inputs, answers(whole), len(parts[0]))


def _card(seed: int | None, published: bool) -> base.Card:
  card = CARD
  if seed is not None:
    card = card._replace(
      split_rule='4:1:1 by row over both files, stratified by the answers; the '
      "published split is config.resplit=False"
    )  # fmt: skip
  if not published:
    card = card._replace(notes=f'Not the published files. {card.notes}')
  return card
