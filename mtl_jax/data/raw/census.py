"""Reads the files of Census-Income (KDD), which a user has downloaded.

One line is one person: 42 values without a header, with a blank before each.
Nothing is unpacked to disk.
"""

import hashlib
import io
import pathlib
from typing import NamedTuple

import numpy as np
import pandas as pd

from mtl_jax.data.raw import opened
from mtl_jax.errors import InputError, nearest

COLUMNS = (
  *('age', 'class_of_worker', 'industry_code', 'occupation_code', 'education'),
  *('wage_per_hour', 'enrolled', 'marital', 'industry', 'occupation', 'race'),
  *('hispanic_origin', 'sex', 'union', 'unemployment', 'employment'),
  *('capital_gains', 'capital_losses', 'dividends', 'tax_filer'),
  *('region_before', 'state_before', 'household_detail', 'household'),
  *('instance_weight', 'moved_msa', 'moved_region', 'moved_within'),
  *('same_house', 'sunbelt_before', 'employer_size', 'parents'),
  *('country_father', 'country_mother', 'country', 'citizenship'),
  *('own_business', 'veteran_form', 'veteran_benefits', 'weeks_worked'),
  *('year', 'income'),
)
NUMBERS = (
  *('age', 'wage_per_hour', 'capital_gains', 'capital_losses', 'dividends'),
  *('employer_size', 'weeks_worked'),
)
# From the lowest degree to the highest.
EDUCATION = (
  *('Children', 'Less than 1st grade', '1st 2nd 3rd or 4th grade'),
  *('5th or 6th grade', '7th and 8th grade', '9th grade', '10th grade'),
  *('11th grade', '12th grade no diploma', 'High school graduate'),
  'Some college but no degree',
  'Associates degree-occup /vocational',
  'Associates degree-academic program',
  'Bachelors degree(BA AB BS)',
  'Masters degree(MA MS MEng MEd MSW MBA)',
  'Prof school degree (MD DDS DVM LLB JD)',
  'Doctorate degree(PhD EdD)',
)
RICH, POOR = '50000+.', '- 50000.'
UNMARRIED = 'Never married'
# What the columns of labels may say, and two by which the file is recognised.
KNOWN = {
  'education': EDUCATION,
  'marital': (
    *('Divorced', 'Married-A F spouse present', UNMARRIED, 'Separated'),
    *('Married-civilian spouse present', 'Married-spouse absent', 'Widowed'),
  ),
  'sex': ('Female', 'Male'),
  'year': ('94', '95'),
  'income': (RICH, POOR),
}


class Part(NamedTuple):
  """One of the two published files.

  Attributes:
    name: of the file; it is also accepted with '.gz', and in an archive.
    rows: how many it has.
    sha256: of its bytes with ends of lines as in Unix; '' if it is not known.
  """

  name: str
  rows: int
  sha256: str = ''


TRAIN = Part('census-income.data', 199_523)
# The digest is that of the copy in a public reimplementation of MMoE
# (keras-mmoe); of the first file no copy was at hand.
TEST = Part(
  'census-income.test',
  99_762,
  '98402b1ab879573d0a7f38a699a40258080e25e33d3401e7bf9c96d3fa0fab8c',
)
# The archives that the repository has served, one inside the other.
ARCHIVES = ('census+income+kdd.zip', 'census.tar.gz', 'census-income.tar.gz')
REMEDY = (
  'download Census-Income (KDD) from the UCI Machine Learning Repository, and '
  'set config.files or MTL_JAX_FILES to the folder of its files'
)


def read(
  part: Part, folder: pathlib.Path, published: bool = True
) -> pd.DataFrame:
  """Reads one of the files and checks it.

  Args:
    part: which of them.
    folder: of the files, as published, or of the archive.
    published: whether the file must be the published one, by its number of
      rows and its digest; False is for miniatures of the same format.

  Returns:
    A table with the columns `COLUMNS`: `NUMBERS` are floats, the others
    categories without blanks around them. '?' is a category.

  Raises:
    InputError: the file is missing, damaged, or another one; it names column,
      row (counted from 1, as lines are) and value.
  """
  path, data = opened.find(folder, part.name, ARCHIVES, REMEDY)
  data = data.replace(b'\r\n', b'\n')
  _check_lines(path, data, part, published)
  table = pd.read_csv(
    io.BytesIO(data),
    header=None,
    names=COLUMNS,
    # Numbers are read as words too, so that the first wrong one can be named.
    dtype='category',
    skipinitialspace=True,
    keep_default_na=False,
    quoting=3,
    # Every byte is a letter, so that a damaged word is named like any other.
    encoding='latin-1',
  )
  return table.apply(lambda values: _column(values, path))


def _check_lines(path, data: bytes, part: Part, published: bool) -> None:
  lines = data.rstrip(b'\n').split(b'\n')
  counts = np.array([line.count(b',') for line in lines]) + 1
  if (wrong := np.flatnonzero(counts != len(COLUMNS))).size:
    first = wrong[0]
    raise InputError(
      f'{path}: row {first + 1} has {counts[first]} columns, expected '
      f'{len(COLUMNS)}; {_other(part)}'
    )
  if published and len(lines) != part.rows:
    raise InputError(
      f'{path}: {len(lines):,} rows, expected {part.rows:,}; {_other(part)}'
    )
  if published and part.sha256:
    got = hashlib.sha256(data).hexdigest()
    if got != part.sha256:
      raise InputError(
        f'{path}: sha256 is {got}, expected {part.sha256}; {_other(part)}'
      )


def _other(part: Part) -> str:
  return (
    f'it is cut or is not the published {part.name}: download it again, or '
    'set config.datasets.census_income.published=False for a file of your own'
  )


def _column(values: pd.Series, path) -> pd.Series:
  """Returns a column as numbers, or as categories without blanks."""
  words = values.cat.categories.astype(str).str.strip()
  name = values.name
  if name in NUMBERS:
    numbers = pd.to_numeric(pd.Series(words), errors='coerce').to_numpy(float)
    wrong = ~(np.isfinite(numbers) & (numbers >= 0))
    _refuse(values, wrong, path, 'it must be a number, 0 or more')
    return pd.Series(numbers[values.cat.codes], values.index, name=name)
  if name in KNOWN:
    wrong = ~words.isin(KNOWN[name])
    _refuse(values, wrong, path, '', KNOWN[name])
  # Two spellings that differ by a blank are one category.
  return pd.Series(words.to_numpy()[values.cat.codes], name=name).astype(
    'category'
  )


def _refuse(values, wrong, path, remedy: str, known=()) -> None:
  """Raises an error for the first row whose category is wrong."""
  if not wrong.any():
    return
  row = int(np.flatnonzero(wrong[values.cat.codes])[0])
  value = str(values.iloc[row]).strip()
  remedy = remedy or nearest(value, known)
  raise InputError(
    f'{path}: row {row + 1}, column {values.name!r} is {value!r}; {remedy}'
  )
