"""The section of docs/growth.md on tables of many rows: many_rows.csv."""

import pathlib

from benchmarks import results

Row = dict[str, str]
# Values of the column `code`: how the measured code stored the rows.
NOW, BEFORE = 'rows held once', 'a copy for each run'
HEAD = """## A table of many rows

`python -m benchmarks.growth.many_rows --rows=1000000` trains hard sharing by an
MLP (64, 64) on a table of 200 float32 inputs and two tasks, with all resplits
in one process on {devices} CPU devices. The table has the GiB of memory that
the process holds after each stage and, in brackets, its peak until then
([many_rows.csv](results/many_rows.csv)):

{table}

The rows are stored once in host memory and once on each device; a resplit is an
array of row numbers. In an earlier version ("{before}") the data set,
the programs and the devices each had a copy per resplit, and every further cell
had two more. Linear models copy the rows of one split at a time.
"""


def merged(old: list[Row], new: list[dict]) -> list[Row]:
  """Replaces the rows of measurements that were repeated.

  Args:
    old: rows of many_rows.csv.
    new: rows of a measurement; they replace old ones of the same code, number
      of rows and number of resplits.
  """

  def key(row):
    return row['code'], int(row['rows']), int(row['resplits'])

  seen = set(map(key, new))
  return sorted([r for r in old if key(r) not in seen] + new, key=key)


def section(path: pathlib.Path, devices: int) -> str:
  """Returns the section in Markdown, empty if there is no measurement.

  Args:
    path: many_rows.csv, which need not exist.
    devices: how many CPU devices were used.
  """
  rows = results.read(path)
  if not rows:
    return ''
  return '\n' + HEAD.format(devices=devices, table=_table(rows), before=BEFORE)


def _table(rows: list[Row]) -> str:
  # One column per measurement; a stage that it lacks leaves its cell empty.
  columns: dict[tuple, dict[str, Row]] = {}
  for row in rows:
    name = row['rows'], row['resplits'], row['code']
    columns.setdefault(name, {})[row['stage']] = row
  stages = list(dict.fromkeys(row['stage'] for row in rows))
  head = ['stage', *(_name(*column) for column in columns)]
  lines = [
    [stage, *(_cell(own.get(stage)) for own in columns.values())]
    for stage in stages
  ]
  rule = [':--', *['--:'] * len(columns)]
  return '\n'.join(f'| {" | ".join(line)} |' for line in [head, rule, *lines])


def _name(rows: str, resplits: str, code: str) -> str:
  return f'{int(rows):,} rows, {resplits} resplits, {code}'


def _cell(row: Row | None) -> str:
  if row is None:
    return ''
  return f'{float(row["gib_held"]):.2f} ({float(row["gib_peak"]):.2f})'
