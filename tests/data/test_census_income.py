"""Census-Income (KDD), on a miniature of the same format."""

import hashlib

import numpy as np
import pytest

from mtl_jax.data import census_income
from mtl_jax.data.raw import census
from mtl_jax.errors import InputError
from tests.data import census_files


@pytest.fixture(scope='module')
def mini(tmp_path_factory):
  return census_files.write(tmp_path_factory.mktemp('census'))


@pytest.fixture
def broken(mini, tmp_path):
  """A function: a folder whose training file has other lines."""

  def make(change):
    for name in census_files.ROWS:
      lines = (mini / name).read_text().splitlines()
      lines = change(lines) if name == census.TRAIN.name else lines
      (tmp_path / name).write_text('\n'.join(lines))
    return tmp_path

  return make


def load(folder, **fields):
  return census_income.load(files=str(folder), **{'published': False, **fields})


def with_cell(lines, row, column, value):
  cells = lines[row].split(', ')
  cells[census.COLUMNS.index(column)] = value
  return [*lines[:row], ', '.join(cells), *lines[row + 1 :]]


def test_the_published_split_is_the_files(mini):
  data = load(mini)
  assert data.train.rows.tolist() == [*range(400)]
  halves = data.valid.rows, data.test.rows
  assert [*map(len, halves)] == [100, 100]
  assert sorted(np.concatenate(halves)) == [*range(400, 600)]
  again = load(mini, pair='education')
  np.testing.assert_array_equal(again.test.rows, data.test.rows)
  assert [t.name for t in data.tasks] == ['income', 'marital']
  assert [t.name for t in again.tasks] == ['education', 'marital']


def test_a_seed_splits_all_rows_at_the_published_sizes(mini):
  one, other = load(mini, split_seed=0), load(mini, split_seed=1)
  rows = [
    np.concatenate([s.rows for s in d.splits.values()]) for d in (one, other)
  ]
  assert sorted(rows[0]) == sorted(rows[1]) == [*range(600)]
  assert set(one.test.rows) != set(other.test.rows)
  assert [len(s.mask) for s in one.splits.values()] == [400, 100, 100]
  # Equal shares of the answers; and all seeds share one table of inputs.
  shares = [s.labels[0].mean() for s in one.splits.values()]
  assert np.ptp(shares) < 0.02
  whole = one.train.table.parts.inputs
  assert whole['numbers'] is other.train.table.parts.inputs['numbers']
  # Of the published files two thirds train, to the row.
  sizes = [len(r) for r in census_income.split((np.zeros(299_285),), 0, 0)]
  assert sizes == pytest.approx([199_523, 49_881, 49_881], abs=1)


def test_labels_are_what_the_lines_say(mini):
  lines = (mini / census.TRAIN.name).read_text().splitlines()
  cells = [
    dict(zip(census.COLUMNS, line.split(', '), strict=True)) for line in lines
  ]
  income, marital = load(mini).train.labels
  education = load(mini, pair='education').train.labels[0]
  assert income.tolist() == [c['income'] == '50000+.' for c in cells]
  assert marital.tolist() == [c['marital'] == 'Never married' for c in cells]
  degrees = ('Assoc', 'Bach', 'Mast', 'Prof', 'Doct')
  assert education.tolist() == [
    c['education'].startswith(degrees) for c in cells
  ]
  # Answers go with each other, as in the survey.
  assert np.corrcoef(income, marital)[0, 1] < -0.1


def test_no_label_and_no_weight_is_among_the_inputs(mini, broken):
  def change(lines):
    for column, value in (
      *(('income', census.RICH), ('education', 'Children')),
      *(('marital', 'Widowed'), ('instance_weight', '1.5')),
    ):
      for row in range(len(lines)):
        lines = with_cell(lines, row, column, value)
    return lines

  inputs = load(mini).train.inputs
  other = load(broken(change)).train.inputs
  for name in ('numbers', 'categories'):
    np.testing.assert_array_equal(inputs[name], other[name])
  assert inputs['numbers'].shape == (400, 7)
  assert inputs['categories'].shape == (400, 31)
  assert inputs['categories'].min() == 1  # 0 is what no file has
  assert inputs['numbers'].min() >= 0
  assert inputs['numbers'].max() <= 1


def test_one_hot_columns_are_the_categories(mini):
  embedded = load(mini).train.inputs
  onehot = load(mini, categories='onehot').train.inputs
  whole = load(mini).train.table.parts.inputs['categories']
  levels = whole.max(axis=0)
  assert onehot.shape == (400, 7 + levels.sum())
  np.testing.assert_array_equal(onehot[:, :7], embedded['numbers'])
  parts = np.split(onehot[:, 7:], np.cumsum(levels)[:-1], axis=1)
  for part, codes in zip(parts, embedded['categories'].T, strict=True):
    np.testing.assert_array_equal(part.sum(axis=1), 1)
    np.testing.assert_array_equal(part.argmax(axis=1) + 1, codes)


def test_blanks_are_no_part_of_a_category_and_a_question_mark_is_one(mini):
  table = census.read(census.TRAIN, mini, published=False)
  assert '?' in table['moved_msa'].cat.categories
  assert 'Foreign born- Not a citizen of U S' in table['citizenship'].to_numpy()
  assert not table.isna().any(axis=None)


def test_a_missing_download_says_where_it_is(tmp_path):
  with pytest.raises(
    InputError, match=r'none of census-income.data, .*UCI.*MTL'
  ):
    load(tmp_path)


def test_other_files_are_refused_by_row_column_and_value(broken, mini):
  def refused(change, message):
    with pytest.raises(InputError, match=message):
      load(broken(change))

  # Another data set of the same repository has 15 columns.
  adult = ', '.join(['39', 'State-gov', '77516', *['x'] * 12])
  refused(lambda _: [adult], r'data: row 1 has 15 columns, expected 42; .*cut')
  refused(lambda lines: [*lines[:8], lines[8][:50], *lines[9:]], 'row 9 has')
  refused(
    lambda lines: with_cell(lines, 5, 'marital', 'Never maried'),
    "row 6, column 'marital' is 'Never maried'; did you mean 'Never married'",
  )
  refused(
    lambda lines: with_cell(lines, 7, 'age', 'old'),
    "row 8, column 'age' is 'old'; it must be a number",
  )
  with pytest.raises(InputError, match=r'400 rows, expected 199,523; .*=False'):
    load(mini, published=True)


def test_a_byte_that_is_no_letter_is_refused_by_its_row(broken):
  folder = broken(lambda lines: lines)
  path = folder / census.TRAIN.name
  path.write_bytes(path.read_bytes().replace(b'Never', b'Never\xff', 1))
  with pytest.raises(InputError, match=r"column 'marital' is 'Never.* married"):
    load(folder)


def test_another_test_file_is_known_by_its_digest(mini):
  part = census.TEST._replace(rows=200)
  with pytest.raises(InputError, match=r'sha256 is \w+, expected 98402b1a'):
    census.read(part, mini)
  text = (mini / part.name).read_bytes().replace(b'\n', b'\r\n')
  (mini / 'windows').mkdir()
  (mini / 'windows' / part.name).write_bytes(text)
  digest = hashlib.sha256((mini / part.name).read_bytes()).hexdigest()
  part = part._replace(sha256=digest)
  assert len(census.read(part, mini / 'windows')) == 200


def test_an_unknown_pair_names_the_nearest(tmp_path):
  with pytest.raises(
    InputError, match="pair is 'incom'; did you mean 'income'"
  ):
    load(tmp_path, pair='incom')
  with pytest.raises(InputError, match=r"categories is 'hot'; .*onehot"):
    load(tmp_path, categories='hot')
