"""Reads tables from files: CSV, TSV, Parquet, Feather, or several of them."""

import csv
import difflib
import glob
import gzip
import pathlib

import pandas as pd

from mtl_jax.data.frames import pictures
from mtl_jax.errors import InputError

READERS = ('csv', 'tsv', 'parquet', 'feather')
ENDINGS = {
  '.csv': 'csv',
  '.txt': 'csv',
  '.tsv': 'tsv',
  '.tab': 'tsv',
  '.parquet': 'parquet',
  '.pq': 'parquet',
  '.feather': 'feather',
  '.arrow': 'feather',
}
# How files of other types begin; a pickle runs code when it is loaded.
_MARKS = {b'PAR1': 'parquet', b'ARROW1': 'feather', b'FEA1': 'feather'}
_OTHERS = {'.xlsx': 'a spreadsheet', '.xls': 'a spreadsheet', '.json': 'JSON'}
_NO_TABLE = 'no table that can be read'
# What stands for a missing value, beside the words that pandas knows.
MISSING = ('?', '.', '-')
NAME = 'name'  # key of the attributes of a table that was read


def read(path: str | pathlib.Path) -> pd.DataFrame:
  """Reads a table.

  Args:
    path: a file, or a pattern such as 'parts/*.csv' whose files are read in
      alphabetical order and must have the same columns.

  Returns:
    The table; `attrs['folder']` is the folder of its first file, and
    `attrs['name']` the name of the file or pattern, without its ending.

  Raises:
    InputError: if there is no such file, it is of another type or damaged, it
      has no rows, or two columns have one name.
  """
  path = str(path)
  paths = files(path)
  frames = [_read(file) for file in paths]
  for file, frame in zip(paths, frames, strict=True):
    if set(frame) != set(frames[0]):
      odd = sorted(map(str, set(frame) ^ set(frames[0])))
      raise InputError(
        f'{file}: column {odd[0]!r} is not in both this file and {paths[0]}; '
        'the files of one table have the same columns'
      )
  whole = frames[0] if len(frames) == 1 else pd.concat(frames)
  whole = whole.reset_index(drop=True)
  whole.attrs[pictures.FOLDER] = str(paths[0].parent)
  whole.attrs[NAME] = named(path)
  return whole


def named(path: str) -> str:
  """Returns the name of a table: that of its file or pattern, if it has one."""
  return pathlib.Path(path).name.partition('.')[0].strip('*') or 'table'


def files(path: str) -> list[pathlib.Path]:
  """Returns the files that a path or pattern names, without reading them.

  Raises:
    InputError: if there is none, it is a folder or empty, or of another type.
  """
  if not path:
    raise InputError(
      'the path of the table is missing; give '
      '--config.datasets.table.path=patients.csv'
    )
  file = pathlib.Path(path).expanduser()
  try:
    found = sorted(map(pathlib.Path, glob.glob(str(file), recursive=True)))
    if file.exists():  # a name may hold the signs of a pattern
      found = [file]
    near = '' if found else _near(file)
  except (OSError, ValueError) as error:  # too long, or no name at all
    text = getattr(error, 'strerror', None) or error
    raise InputError(f'no file {path[:200]!r}: {text}') from error
  if not found:
    raise InputError(f'no file {path}{near}')
  for one in found:
    kind(one)
  return found


def _near(file: pathlib.Path) -> str:
  if not file.parent.is_dir():
    return f'; there is no folder {file.parent}'
  others = [other.name for other in file.parent.iterdir()]
  close = difflib.get_close_matches(file.name, others, n=1, cutoff=0.5)
  return f'; did you mean {file.parent / close[0]}?' if close else ''


def kind(file: pathlib.Path) -> str:
  """Returns the type of a file, one of `READERS`.

  Raises:
    InputError: if it is a folder, empty, or of another type.
  """
  if file.is_dir():
    raise InputError(
      f'{file} is a folder; write {file}/*.csv to read all files in it'
    )
  try:
    with file.open('rb') as opened:
      start = opened.read(8)
  except OSError as error:
    raise InputError(f'{file} cannot be read: {error.strerror}') from error
  if not start:
    raise InputError(f'{file} is empty; it needs a line with names of columns')
  endings = [ending.lower() for ending in file.suffixes]
  if start[0] == 0x80 or {'.pkl', '.pickle'} & set(endings):
    raise InputError(
      f'{file} is a pickle, which may run any code and is never loaded; save '
      'the table as Parquet or CSV'
    )
  return _by_name(file, endings, start)


def _by_name(file: pathlib.Path, endings: list[str], start: bytes) -> str:
  named = next((ENDINGS[e] for e in endings[::-1] if e in ENDINGS), '')
  marked = next((k for mark, k in _MARKS.items() if start.startswith(mark)), '')
  if marked:
    return marked
  if named in ('parquet', 'feather'):
    raise InputError(
      f'{file} is no {named.capitalize()} file: it does not begin as one does; '
      'write it again'
    )
  if not named:
    other = next((t for e, t in _OTHERS.items() if e in endings), '')
    what = f'{other}, which cannot be read' if other else _NO_TABLE
    raise InputError(f'{file} is {what}; save it as {", ".join(READERS)}')
  return named


def _read(file: pathlib.Path) -> pd.DataFrame:
  what = kind(file)
  try:
    frame = _text(file, what) if what in ('csv', 'tsv') else _binary(file, what)
  except InputError:
    raise
  except UnicodeDecodeError as error:
    raise InputError(f'{file} is not in UTF-8; save it as UTF-8') from error
  except Exception as error:  # The readers raise many types of their own.
    text = ' '.join(str(error).split())[:200]
    raise InputError(f'{file} cannot be read as {what}: {text}') from error
  if not len(frame):
    raise InputError(f'{file} has names of columns and no row')
  return frame


def _binary(file: pathlib.Path, what: str) -> pd.DataFrame:
  read = pd.read_parquet if what == 'parquet' else pd.read_feather
  frame = read(file)
  # A named index of pandas is a column like the others.
  return frame.reset_index() if frame.index.name else frame


def _text(file: pathlib.Path, what: str) -> pd.DataFrame:
  mark = '\t' if what == 'tsv' else ','
  header = _header(file, mark)
  for other in (';', '\t'):
    if what == 'csv' and len(header) == 1 and other in header[0]:
      mark, header = other, _header(file, other)
  # pandas would call the second of two columns 'a' 'a.1'.
  check_names(header, str(file))
  return pd.read_csv(
    file,
    sep=mark,
    encoding='utf-8-sig',
    na_values=MISSING,
    skipinitialspace=True,
    low_memory=False,
    index_col=False,
  )


def _header(file: pathlib.Path, mark: str) -> list[str]:
  opened = gzip.open if file.suffix == '.gz' else open
  with opened(file, 'rt', encoding='utf-8-sig', newline='') as lines:
    row = next(csv.reader(lines, delimiter=mark), [])
  return [name.strip() for name in row]


def check_names(names: list[str], where: str) -> None:
  """Raises `InputError` if two columns have one name."""
  for name in names:
    if name and names.count(name) > 1:
      raise InputError(f'{where}: two columns are called {name!r}; rename one')
