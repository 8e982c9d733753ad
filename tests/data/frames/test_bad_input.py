"""Every mistake in a table gets one line: column, row, value and the remedy."""

import pathlib
import pickle

import numpy as np
import pandas as pd
import pytest

from mtl_jax.data import arrays, frame, table
from mtl_jax.data.frames import reading
from mtl_jax.errors import InputError

GOOD = 'age,town,y\n' + ''.join(
  f'{20 + i % 30},Ulm{i % 3},{i % 2}\n' for i in range(60)
)


def csv(**columns) -> pd.DataFrame:
  """60 good rows and some columns in place of, or beside, the good ones."""
  rows = np.arange(60)
  good = {'age': 20 + rows % 30, 'town': [f'Ulm{i % 3}' for i in rows]}
  return pd.DataFrame({**good, 'y': rows % 2, **columns})


def changed(values, row, value):
  return [value if i == row else v for i, v in enumerate(values)]


ROWS = range(60)
BINARY = ('y:binary',)
TABLES = {
  'unknown task': (
    csv(),
    ('yy:binary',),
    {},
    "no column 'yy'; did you mean 'y'",
  ),
  'no kind': (csv(), ('y',), {}, "'y' has no kind"),
  'no task': (csv(), (), {}, 'name at least one'),
  'unknown kind': (csv(), ('y:binray',), {}, "did you mean 'binary'"),
  'twice': (csv(), ('y:binary', 'y:count'), {}, "'y' is named twice"),
  'no event': (csv(), ('age:survival',), {}, 'a time and an event'),
  'one value': (csv(y=1), BINARY, {}, 'all 60 known labels are 1'),
  'two of a class': (
    csv(y=[0, 0] + [1] * 58),
    BINARY,
    {},
    "'0' has 2 of 60 labels",
  ),
  'no event at all': (
    csv(y=[0] * 59 + [1]),
    ('age+y:survival',),
    {},
    "'event' has 1 of 60 labels",
  ),
  'no label': (csv(y=np.nan), BINARY, {}, "'y' has no known label"),
  'three classes': (
    csv(y=[i % 3 for i in ROWS]),
    BINARY,
    {},
    r"3 values \(0, 1, 2\).*'y:multiclass'",
  ),
  'text for numbers': (
    csv(y=changed(ROWS, 7, 'many')),
    ('y:regression',),
    {},
    "row 7 .* is 'many'",
  ),
  'half a visit': (
    csv(y=changed(ROWS, 5, 1.5)),
    ('y:count',),
    {},
    'row 5 .* is 1.5; correct it, or say regression',
  ),
  'order unknown': (
    csv(y=['low', 'high'] * 30),
    ('y:ordinal',),
    {},
    r"'y:ordinal\(lowest, \.\.\., highest\)'",
  ),
  'order lacks one': (
    csv(y=['low', 'high'] * 30),
    ('y:ordinal(low, hihg)',),
    {},
    "lacks 'high'",
  ),
  'no such event': (
    csv(y=changed([0, 1] * 30, 3, 2)),
    ('age+y:survival',),
    {},
    'row 3 .* is 2',
  ),
  'mixed types': (
    csv(age=changed(range(100, 160), 9, 'old')),
    BINARY,
    {},
    r"row 9 is 'old'.*kinds=\('age:category',\)",
  ),
  'decimal comma': (
    csv(age=[f'{i},5' for i in ROWS]),
    BINARY,
    {},
    "numbers such as '0,5'; write them as 1234.5",
  ),
  'infinite': (
    csv(age=changed([i / 7 for i in ROWS], 4, np.inf)),
    BINARY,
    {},
    "column 'age' holds numbers, and row 4 .* is inf",
  ),
  'a list': (
    csv(age=changed(ROWS, 2, [1])),
    BINARY,
    {},
    "column 'age', row 2 is a list",
  ),
  'day or month': (
    csv(age=[f'0{i % 9 + 1}/0{i % 8 + 1}/2020' for i in ROWS]),
    BINARY,
    {},
    'write 2024-12-31',
  ),
  'no date': (
    csv(
      age=changed([f'2020-01-{i % 28 + 1:02}' for i in ROWS], 8, '2020-13-45')
    ),
    BINARY,
    {},
    "holds dates, and row 8 .* is '2020-13-45'",
  ),
  'two of a name': (
    pd.DataFrame(np.ones((30, 2)), columns=['a', 'a']),
    ('a:binary',),
    {},
    "two columns are called 'a'",
  ),
  'no input': (
    csv(age=np.nan, town='x'),
    BINARY,
    {},
    r'no input column is left \(age: it has no known value; town: all rows',
  ),
  'no rows': (csv().iloc[:0], BINARY, {}, 'has no row'),
  'no frame': ([1, 2], BINARY, {}, 'is a list; give a data frame'),
  'unknown input': (csv(), BINARY, {'inputs': ['agee']}, "did you mean 'age'"),
  'a label as input': (csv(), BINARY, {'inputs': ['y']}, "'y' is the label"),
  'unknown drop': (csv(), BINARY, {'drop': ['twon']}, "did you mean 'town'"),
  'kind of column': (
    csv(),
    BINARY,
    {'kinds': ['age:numbr']},
    "did you mean 'number'",
  ),
  'no kind of column': (
    csv(),
    BINARY,
    {'kinds': ['age']},
    "'age' says no kind",
  ),
  'one time': (
    csv(age=3),
    ('age+y:survival',),
    {},
    'all 60 known labels are 3',
  ),
  'named input is empty': (
    csv(age=np.nan),
    BINARY,
    {'inputs': ['age']},
    r'left \(age: it has no known value\)',
  ),
  'two columns of predictions': (
    csv(**{'y=1': np.arange(60) / 7}),
    ('y:binary', 'y=1:regression'),
    {},
    "'y' and 'y=1' would both have a column of predictions called 'y=1'",
  ),
  'spread and task': (
    csv(age_sd=np.arange(60) / 7),
    ('age:regression', 'age_sd:regression'),
    {},
    "predictions called 'age_sd'",
  ),
  'weights of one': (
    csv(),
    BINARY,
    {'weights': 'y='},
    "task 'y' has no column",
  ),
  'categories': (csv(), BINARY, {'categories': 'hot'}, "mean 'onehot'"),
  'parts': (csv(), BINARY, {'parts': (3, 1)}, 'three whole numbers'),
  'weight': (
    csv(w=changed([1.0] * 60, 6, -1)),
    BINARY,
    {'weights': 'w'},
    "weights: column 'w' .* row 6 .* is -1",
  ),
  'weights': (csv(), BINARY, {'weights': 'yy=age'}, "no task 'yy'"),
  'unknown weights': (csv(), BINARY, {'weights': 'aeg'}, "did you mean 'age'"),
  'split word': (
    csv(part=changed(['train', 'test'] * 30, 11, 'tests')),
    BINARY,
    {'split': 'part'},
    "row 11 .* is 'tests'; did you mean 'test'",
  ),
  'no test': (
    csv(part=['train'] * 60),
    BINARY,
    {'split': 'part'},
    "no row 'test'",
  ),
  'cut group': (
    csv(part=['train', 'test', 'valid'] * 20, home=[i // 2 for i in ROWS]),
    BINARY,
    {'split': 'part', 'group': 'home'},
    'group 0 .* is in two splits: row 0 is in train, row 1 in test',
  ),
  'no group': (
    csv(home=changed([i // 2 for i in ROWS], 3, None)),
    BINARY,
    {'group': 'home'},
    'give every row a group',
  ),
  'one group': (csv(home=1), BINARY, {'group': 'home'}, 'has 1 groups'),
}


@pytest.mark.parametrize('name', TABLES)
def test_a_bad_table_is_refused_with_one_line(name):
  rows, tasks, fields, said = TABLES[name]
  with pytest.raises(InputError, match=said) as error:
    frame(rows, tasks, **fields)
  assert '\n' not in str(error.value)


def test_a_task_of_one_class_in_training_is_refused():
  part = ['train'] * 30 + ['test', 'valid'] * 15
  y = [0] * 30 + [0, 0, 1, 1] * 7 + [0, 1]
  with pytest.raises(
    InputError, match="'y' has only class '0' among the train"
  ):
    frame(csv(y=y, part=part), BINARY, split='part')
  y = [np.nan] * 30 + y[30:]
  with pytest.raises(
    InputError, match="'y' has no known label among the train"
  ):
    frame(csv(y=y, part=part), BINARY, split='part')


FILES = {
  'patients.cvs': (GOOD, 'is no table that can be read'),
  'empty.csv': ('', 'is empty'),
  'header.csv': ('age,y\n', 'no row'),
  'twice.csv': ('age,age\n1,2\n', "two columns are called 'age'"),
  'ragged.csv': ('a,b\n1,2\n1,2,3\n', 'cannot be read as csv'),
  'latin.csv': ('stra\xdfe,y\n1,2\n'.encode('latin1'), 'not in UTF-8'),
  'broken.parquet': (GOOD, 'is no Parquet file'),
  'torn.parquet': (b'PAR1 and no more', 'cannot be read as parquet'),
  'table.pkl': (pickle.dumps(1), 'is a pickle.*never loaded'),
  'secret.csv': (pickle.dumps({'a': 1}), 'is a pickle'),
  'sheet.xlsx': (b'PK\3\4....', 'is a spreadsheet, which cannot be read'),
}


@pytest.mark.parametrize('name', FILES)
def test_a_bad_file_is_refused_with_one_line(name, tmp_path):
  content, said = FILES[name]
  content = content.encode() if isinstance(content, str) else content
  (tmp_path / name).write_bytes(content)
  with pytest.raises(InputError, match=said) as error:
    reading.read(str(tmp_path / name))
  assert '\n' not in str(error.value)
  assert name in str(error.value)


def test_a_path_that_is_none_names_the_nearest(tmp_path):
  (tmp_path / 'patients.csv').write_text(GOOD)
  with pytest.raises(InputError, match=r'did you mean .*patients\.csv'):
    reading.read(str(tmp_path / 'patient.csv'))
  with pytest.raises(InputError, match='there is no folder'):
    reading.read(str(tmp_path / 'no' / 'patient.csv'))
  with pytest.raises(InputError, match=r'is a folder; write .*/\*\.csv'):
    reading.read(str(tmp_path))
  with pytest.raises(InputError, match='path of the table is missing'):
    table.load()


def test_files_of_one_table_have_the_same_columns(tmp_path):
  for name, head in (('a.csv', 'age,y'), ('b.csv', 'age,z')):
    (tmp_path / name).write_text(f'{head}\n1,2\n')
  with pytest.raises(InputError, match=r"b\.csv: column 'y' is not in both"):
    reading.read(str(tmp_path / '*.csv'))


def test_new_rows_have_the_columns_and_types_of_the_model():
  data = frame(csv(), BINARY)(0)
  with pytest.raises(InputError, match="no column 'age'; did you mean 'agee'"):
    data.recipe.inputs(csv().rename(columns={'age': 'agee'}))
  with pytest.raises(InputError, match="'age' holds numbers, and row 3"):
    data.recipe.inputs(csv(age=changed(ROWS, 3, 'old')))
  with pytest.raises(InputError, match='give a data frame'):
    data.recipe.inputs(np.ones((3, 2)))
  with pytest.raises(InputError, match="row 1 .* is '2'; valid: 0, 1"):
    data.recipe.labels(csv(y=changed(['0'] * 60, 1, '2')))
  with pytest.raises(
    InputError, match="'town' holds .* Ulm0, .* row 0 .* is 7"
  ):
    data.recipe.inputs(csv(town=7))
  numbers = frame(csv(smokes=['no', 'yes'] * 30), BINARY)(0).recipe
  with pytest.raises(InputError, match="'smokes' holds .* no, yes, and row 0"):
    numbers.inputs(csv(smokes=1))
  two = pd.concat([csv(), csv()[['age']]], axis=1)
  with pytest.raises(InputError, match="two columns are called 'age'"):
    data.recipe.inputs(two)


@pytest.mark.parametrize(
  'inputs', [np.array([['a']] * 60), np.zeros(60, 'M8[D]'), np.float32(1)]
)
def test_arrays_are_of_numbers(inputs):
  with pytest.raises(InputError, match='give arrays of numbers'):
    arrays(inputs, {'y': np.arange(60) % 2}, BINARY)


def test_a_damaged_recipe_is_refused():
  recipe = frame(csv(), BINARY)(0).recipe
  with pytest.raises(InputError, match='has format None'):
    type(recipe).from_json({})
  with pytest.raises(InputError, match='is damaged'):
    type(recipe).from_json({'format': 1})


def test_ten_thousand_categories_are_embedded_and_doubted():
  codes = [f'code {i % 10_000}' for i in range(20_000)]
  rows = pd.DataFrame({'code': codes, 'y': np.arange(20_000) % 7 % 2})
  data = frame(rows, BINARY)
  assert any('10000 categories, 2.0 rows each' in s for s in data.describe())
  inputs = data(0).train.inputs
  assert {k: v.dtype for k, v in inputs.items()} == {'categories': np.int32}


def test_pictures_that_cannot_be_read_name_their_row(tmp_path: pathlib.Path):
  (tmp_path / 'bad.png').write_text('no picture')
  rows = csv(scan='bad.png').drop(columns='town')
  rows.loc[0, 'scan'] = 'no.png'
  rows.attrs['folder'] = str(tmp_path)
  with pytest.raises(InputError, match=r"'scan', row 0: no file .*no\.png"):
    frame(rows, BINARY)
  rows.loc[0, 'scan'] = 'other.png'
  (tmp_path / 'other.png').write_text('')
  with pytest.raises(InputError, match="'scan', row 0: .* is no picture"):
    frame(rows, BINARY)
