"""The part of docs/growth.md on data sets of many rows, from many_rows.csv."""

import pathlib

from benchmarks import results

Row = dict[str, str]
NOW, BEFORE = 'rows held once', 'a copy for each run'
HEAD = """## A table of many rows

`python -m benchmarks.growth.many_rows --rows=1000000` trains hard sharing by an
MLP (64, 64) on a table of 200 float32 inputs and two tasks, all its resplits in
one process on {devices} CPU devices. GiB that the process holds after each
stage, in brackets the most until then ([many_rows.csv](results/many_rows.csv)):

{table}

Rows lie once in memory and once on each device; a resplit is its row numbers.
Before ("{before}"), the data set, the programs and the devices
each had a copy for every resplit, and every further cell two more. Linear
models take the rows of one split at a time.
"""


def merged(old: list[Row], new: list[dict]) -> list[Row]:
  """Rows of all measurements, the new in place of those of the same."""

  def key(row):
    return row['code'], int(row['rows']), int(row['resplits'])

  seen = set(map(key, new))
  return sorted([r for r in old if key(r) not in seen] + new, key=key)


def section(path: pathlib.Path, devices: int) -> str:
  """Nothing where nothing was measured."""
  rows = results.read(path)
  if not rows:
    return ''
  return '\n' + HEAD.format(devices=devices, table=_table(rows), before=BEFORE)


def _table(rows: list[Row]) -> str:
  columns: dict[tuple, dict[str, Row]] = {}
  for row in rows:
    name = row['rows'], row['resplits'], row['code']
    columns.setdefault(name, {})[row['stage']] = row
  stages = list(dict.fromkeys(row['stage'] for row in rows))
  head = ['stage', *(_name(*column) for column in columns)]
  lines = [
    [stage, *(_told(own.get(stage)) for own in columns.values())]
    for stage in stages
  ]
  rule = [':--', *['--:'] * len(columns)]
  return '\n'.join(f'| {" | ".join(line)} |' for line in [head, rule, *lines])


def _name(rows: str, resplits: str, code: str) -> str:
  return f'{int(rows):,} rows, {resplits} resplits, {code}'


def _told(row: Row | None) -> str:
  if row is None:
    return ''
  return f'{float(row["gib_held"]):.2f} ({float(row["gib_peak"]):.2f})'
