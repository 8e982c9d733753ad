"""Tables that cannot be used, and flags that do not suit a table."""

import gzip
import io
import pathlib

from tests.faults.bad_input.hostile import PICKLE, folder, link
from tests.faults.bad_input.running import Case
from tests.faults.trust.hostile import Runs

ROWS = [f'{20 + i % 30},Ulm{i % 3},{i % 2}' for i in range(60)]
GOOD = '\n'.join(['age,town,y', *ROWS]) + '\n'
TASKS = "('y:binary',)"


def with_cell(row: int, column: int, value: str) -> str:
  """The good table with one other cell."""
  lines = [line.split(',') for line in GOOD.splitlines()]
  lines[row + 1][column] = value
  return '\n'.join(map(','.join, lines)) + '\n'


def with_column(column: int, values: list[str]) -> str:
  """The good table with other values in one column."""
  lines = [line.split(',') for line in GOOD.splitlines()]
  for line, value in zip(lines[1:], values, strict=True):
    line[column] = value
  return '\n'.join(map(','.join, lines)) + '\n'


def _objects(path: pathlib.Path) -> None:
  import numpy as np

  array = np.array([Runs('ran'), None], object)
  opened = io.BytesIO()
  if path.suffix == '.npz':
    np.savez(opened, x=array)
  else:
    np.save(opened, array, allow_pickle=True)
  path.write_bytes(opened.getvalue())


def _parquet(path: pathlib.Path) -> None:
  import pandas as pd

  rows = pd.read_csv(io.StringIO(GOOD))
  getattr(rows, 'to_feather' if path.suffix == '.feather' else 'to_parquet')(
    path
  )


def _torn(path: pathlib.Path) -> None:
  _parquet(path)
  path.write_bytes(path.read_bytes()[:-40])


# By name of the file: its content, its tasks, and a part of the line.
TABLES = {
  'empty.csv': ('', TASKS, 'is empty'),
  'header.csv': ('age,town,y\n', TASKS, 'no row'),
  'blank.csv': ('\n\n\n', TASKS, 'blank.csv'),
  'twice.csv': ('age,age\n1,2\n', TASKS, "two columns are called 'age'"),
  'ragged.csv': (GOOD + '1,2,3,4,5\n', TASKS, 'ragged.csv cannot be read'),
  'latin.csv': ('stra\xdfe,y\n1,2\n'.encode('latin1'), TASKS, 'not in UTF-8'),
  'wide.csv': (GOOD.encode('utf-16'), TASKS, 'wide.csv is not in UTF-8'),
  'nul.csv': (b'\0' * 300, TASKS, 'nul.csv'),
  'quote.csv': ('a,y\n"1,2\n', TASKS, 'quote.csv'),
  'pickle.csv': (PICKLE, TASKS, 'is a pickle, which may run any code'),
  'pickle.parquet': (PICKLE, TASKS, 'is a pickle'),
  'pickle.feather': (PICKLE, TASKS, 'is a pickle'),
  'table.pkl': (PICKLE, TASKS, 'is a pickle'),
  'no.parquet': (GOOD, TASKS, 'is no Parquet file'),
  'torn.parquet': (_torn, TASKS, 'cannot be read as parquet'),
  'torn.feather': (_torn, TASKS, 'cannot be read as feather'),
  'no.csv.gz': (GOOD, TASKS, 'cannot be read as csv'),
  'torn.csv.gz': (
    gzip.compress(GOOD.encode())[:-20], TASKS, 'cannot be read as csv',
  ),
  'sheet.xlsx': (b'PK\3\4....', TASKS, 'is a spreadsheet, which cannot be'),
  'rows.json': ('{"y": 1}\n', TASKS, 'is JSON, which cannot be read'),
  'rows.jsonl': ('{"y": 1}\n', TASKS, 'rows.jsonl is'),
  'rows.npz': (_objects, TASKS, 'rows.npz is no table'),
  'rows.safetensors': (PICKLE, TASKS, 'is a pickle'),
  'patients.cvs': (GOOD, TASKS, 'is no table that can be read'),
  'folder.csv': (folder, TASKS, 'folder.csv is a folder'),
  'link.csv': (link, TASKS, 'link.csv'),
  'task.csv': (GOOD, "('yy:binary',)", "no column 'yy'; did you mean 'y'"),
  'kind.csv': (GOOD, "('y:binray',)", "did you mean 'binary'"),
  'nokind.csv': (GOOD, "('y',)", "'y' has no kind"),
  'notask.csv': (GOOD, '()', 'name at least one'),
  'number.csv': (GOOD, '(3,)', 'kind'),
  'double.csv': (GOOD, "('y:binary','y:count')", "'y' is named twice"),
  'one.csv': (with_column(2, ['1'] * 60), TASKS, 'all 60 known labels are 1'),
  'none.csv': (with_column(2, [''] * 60), TASKS, "'y' has no known label"),
  'rare.csv': (
    with_column(2, ['0'] * 2 + ['1'] * 58), TASKS, "'0' has 2 of 60 labels",
  ),
  'three.csv': (with_cell(5, 2, '2'), TASKS, "say 'y:multiclass'"),
  'outside.csv': (
    with_cell(7, 2, 'high'), "('y:ordinal(0, 1)',)", "lacks 'high'",
  ),
  'words.csv': (
    with_cell(7, 2, 'many'), "('y:regression',)", "row 7 (of ",
  ),
  'half.csv': (with_cell(5, 2, '1.5'), "('y:count',)", 'row 5'),
  'below.csv': (with_cell(5, 2, '-3'), "('y:count',)", 'row 5'),
  'endless.csv': (with_cell(5, 2, 'inf'), "('y:regression',)", 'row 5'),
  'inf.csv': (with_cell(4, 0, 'inf'), TASKS, "column 'age' holds numbers"),
  'huge.csv': (with_cell(4, 0, '1e300'), TASKS, "'age'"),
  'mixed.csv': (with_cell(9, 0, 'old'), TASKS, "column 'age' holds numbers"),
  'thousands.csv': (
    with_column(2, ['1.234.567'] * 60), "('y:regression',)", '1.234.567',
  ),
  'comma.csv': (
    GOOD.replace(',', ';').replace('20;', '20,5;'), TASKS, '20,5',
  ),
  'days.csv': (
    with_column(0, [f'0{i % 9 + 1}/0{i % 8 + 1}/2020' for i in range(60)]),
    TASKS, 'write 2024-12-31',
  ),
  'dates.csv': (
    with_column(0, ['2020-13-45'] + ['2020-01-02', '2020-01-03'] * 29 + ['']),
    TASKS, "holds dates, and row 0",
  ),
}  # fmt: skip
# Flags beside a good table.
FLAGS = {
  '--weights=aeg': "did you mean 'age'",
  '--weights=town': 'weights',
  '--weights=y=': "task 'y' has no column",
  '--split=town': "split: column 'town'",
  '--split=twon': "did you mean 'town'",
  '--group=twon': "did you mean 'town'",
  '--group=y': "'y'",
  '--config.datasets.table.inputs=("agee",)': "did you mean 'age'",
  '--config.datasets.table.inputs=("y",)': "'y' is the label",
  '--config.datasets.table.drop=("twon",)': "did you mean 'town'",
  '--config.datasets.table.kinds=("age:numbr",)': "did you mean 'number'",
  '--config.datasets.table.kinds=("age",)': "'age' says no kind",
  '--config.datasets.table.categories=hot': "mean 'onehot'",
  '--config.datasets.table.impute=mdian': "did you mean 'median'",
  '--config.datasets.table.parts=(3,1)': 'three whole numbers',
  '--config.datasets.table.parts=(0,1,1)': 'parts',
  '--config.datasets.table.max_len=0': 'max_len',
  '--config.datasets.table.vocab_size=-1': 'vocab_size',
  '--config.datasets.table.image_size=0': 'image_size',
  '--config.datasets.table.path=': 'path of the table is missing',
  '--config.datasets.table.path=goood.csv': 'did you mean good.csv?',
  '--config.datasets.table.path=no/good.csv': 'there is no folder no',
  '--config.datasets.table.path=*.tsv': 'no file *.tsv',
  '--config.datasets.table.path=gööd.csv': 'no file gööd.csv',
  '--config.datasets.table.pth=good.csv': "did you mean 'path'",
  '--config.dataset=several': 'give pairs of a file and its tasks',
}


def cases() -> dict[str, Case]:
  """Returns all cases by name."""
  found = {f'table {name}': _table(name, *own) for name, own in TABLES.items()}
  for flag, said in FLAGS.items():
    flags = (*_table_flags('good.csv', TASKS), flag)
    files = {'good.csv': GOOD}
    found[f'table, {flag}'] = Case('experiments.compare', flags, said, files)
  return found


def _table_flags(path: str, tasks: str) -> tuple[str, ...]:
  return (
    *('--config=configs/table.py', '--workdir=w'),
    f'--config.datasets.table.path={path}',
    f'--config.datasets.table.tasks={tasks}',
  )


def _table(name: str, content, tasks: str, said: str) -> Case:
  flags = _table_flags(name, tasks)
  return Case('experiments.compare', flags, said, {name: content})
