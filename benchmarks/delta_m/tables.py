"""The published tables: cells as printed, base rows, signs, task groups."""

import csv
import pathlib
import tomllib
from typing import NamedTuple

FOLDER = pathlib.Path(__file__).parent / 'published'
OTHERS = ('method', 'mean', 'printed', 'mark', 'source', 'note')
OTHERS += ('half', 'printed_half')
BASES = ('STL',)  # rows of the methods that tables divide by


class Row(NamedTuple):
  """A row of a published table; numbers are text, which has their decimals.

  Attributes:
    method: its name in the paper.
    cells: one per metric.
    printed: Delta_m as printed, '' where none is.
    mean: the mean of the cells as printed, '' where none is.
    mark: 'seen', or 'second-hand' as another paper quotes it.
    source: where the cells were read.
    note: what else is known of its printed value, or ''.
    half: half the width of the 95 % interval of each cell as printed, '' where
      none is.
    printed_half: what is printed behind Delta_m as its spread, or ''.
  """

  method: str
  cells: tuple[str, ...]
  printed: str
  mean: str
  mark: str
  source: str
  note: str = ''
  half: str = ''
  printed_half: str = ''


class Table(NamedTuple):
  """A published table.

  Attributes:
    name: of its file.
    label: in sentences.
    title: data set and network.
    convention: of the printed column, as in `mtl_jax.report.relative.delta_m`.
    base: the row that the authors divide by; () where no Delta_m is printed.
    base_exact: whether that is a constant of their code, not a rounded row.
    base_source: where it was read.
    higher: of each metric, whether it is better when higher.
    groups: the indices of each task's metrics.
    metrics: their names.
    rows: in the order of the paper.
  """

  name: str
  label: str
  title: str
  convention: str
  base: tuple[str, ...]
  base_exact: bool
  base_source: str
  higher: tuple[bool, ...]
  groups: tuple[tuple[int, ...], ...]
  metrics: tuple[str, ...]
  rows: tuple[Row, ...]

  @property
  def even(self) -> bool:
    """Whether tasks have equally many metrics: both conventions agree."""
    return len({len(group) for group in self.groups}) == 1


def load(folder: pathlib.Path = FOLDER) -> list[Table]:
  """Reads all tables.

  Args:
    folder: of tables.toml and of a CSV file per table.

  Raises:
    ValueError: a base row, signs or groups do not fit the columns of a table.
  """
  listed = tomllib.loads((folder / 'tables.toml').read_text('utf-8'))
  return [_table(folder, fields) for fields in listed['table']]


def _table(folder: pathlib.Path, fields: dict) -> Table:
  with (folder / f'{fields["name"]}.csv').open(encoding='utf-8') as file:
    lines = list(csv.DictReader(file))
  metrics = tuple(name for name in lines[0] if name not in OTHERS)
  rows = tuple(_row(line, metrics) for line in lines)
  for key in ('base', 'higher'):
    fields[key] = tuple(fields[key])
  fields['groups'] = tuple(map(tuple, fields['groups']))
  table = Table(**fields, metrics=metrics, rows=rows)
  indices = sorted(i for group in table.groups for i in group)
  counts = {len(table.base) or len(metrics), len(table.higher), len(metrics)}
  if len(counts) > 1 or indices != [*range(len(metrics))]:
    raise ValueError(
      f'{table.name}: base, higher and groups must have one entry per metric, '
      f'of which {table.name}.csv has {len(metrics)}'
    )
  return table


def _row(line: dict[str, str], metrics: tuple[str, ...]) -> Row:
  cells = tuple(line[name] for name in metrics)
  others = (line.get(name, '') for name in ('printed', 'mean', *OTHERS[3:]))
  return Row(line['method'], cells, *others)
