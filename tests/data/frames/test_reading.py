"""Files of every type give the same table."""

import gzip

import pandas as pd
import pytest

from mtl_jax.data.frames import reading

ROWS = pd.DataFrame(
  {
    'age': [30.0, None, 52.5],
    'town': ['Ulm', None, 'Bad; Tölz'],
    'visits': [1, 2, 3],
  }
)


def put(folder, name):
  path = str(folder / name)
  if name.endswith('.parquet'):
    ROWS.to_parquet(path)
  elif name.endswith('.feather'):
    ROWS.to_feather(path)
  else:
    mark = {'semi.csv': ';', 'tabs.csv': '\t', 'a.tsv': '\t'}.get(name, ',')
    text = ROWS.to_csv(index=False, sep=mark, na_rep='?')
    packed = name.endswith('.gz')
    data = ('\ufeff' * (name == 'marked.csv') + text).encode()
    (folder / name).write_bytes(gzip.compress(data) if packed else data)
  return path


@pytest.mark.parametrize(
  'name',
  [
    *('a.csv', 'semi.csv', 'tabs.csv', 'marked.csv', 'a.csv.gz', 'a.tsv'),
    *('a.parquet', 'a.feather'),
  ],
)
def test_a_table_is_read(name, tmp_path):
  found = reading.read(put(tmp_path, name))
  assert [*found] == [*ROWS]
  pd.testing.assert_frame_equal(found, ROWS, check_dtype=False)
  assert found.attrs['folder'] == str(tmp_path)


def test_a_pattern_reads_files_in_order(tmp_path):
  for name, visits in (('b.csv', 1), ('a.csv', 2)):
    ROWS.assign(visits=visits)[['visits', 'age']].to_csv(
      tmp_path / name, index=False
    )
  found = reading.read(str(tmp_path / '*.csv'))
  assert found.visits.tolist() == [2] * 3 + [1] * 3
  assert found.index.tolist() == [*range(6)]


def test_an_index_with_a_name_is_a_column(tmp_path):
  ROWS.rename_axis('patient').to_parquet(tmp_path / 'a.parquet')
  assert 'patient' in reading.read(str(tmp_path / 'a.parquet'))
