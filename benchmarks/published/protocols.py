"""What protocols.toml says of each data set: its published tables, and ours."""

import pathlib
import tomllib
from typing import Any, NamedTuple

from benchmarks.delta_m import tables
from benchmarks.delta_m.tables import Row, Table
from benchmarks.multi_fashion import paper

FOLDER = pathlib.Path(__file__).parent


class Metric(NamedTuple):
  """Our number beside a published column.

  Attributes:
    task: its name; `*` is the mean over all tasks.
    name: of the metric.
    factor: by which ours is multiplied, such as 100 for percent.
  """

  task: str
  name: str
  factor: float


class Protocol(NamedTuple):
  """A published table, and how ours is made.

  Attributes:
    id: name of the table.
    table: as published.
    scheme: the network that balancers are compared on; '' if none is trained.
    metrics: ours, one per column; () if none is trained.
    apart: why the numbers cannot be expected here, or ''.
    differs: what is not as published, or ''.
    pretrained: whether published networks start from weights of ImageNet.
  """

  id: str
  table: Table
  scheme: str = ''
  metrics: tuple[Metric, ...] = ()
  apart: str = ''
  differs: str = ''
  pretrained: bool = False


class Reduced(NamedTuple):
  """What a CPU can train of a data set.

  Attributes:
    why: what is not as published.
    rows: the published rows that are trained.
    keys: of the config.
  """

  why: str
  rows: tuple[str, ...]
  keys: dict[str, Any]


class Set(NamedTuple):
  """A data set.

  Attributes:
    name: that of its config and of its loader.
    title: for people.
    batch: rows of a batch of miniature files.
    smoke: keys of the config for miniature files.
    protocols: its published tables.
    cpu: the preset of that name, where it is not a hundredth of the steps.
  """

  name: str
  title: str
  batch: int
  smoke: dict[str, Any]
  protocols: tuple[Protocol, ...]
  cpu: Reduced | None = None


def load() -> dict[str, Set]:
  """Reads protocols.toml and the tables that it names.

  Returns:
    The data sets by name.

  Raises:
    ValueError: a table has another number of columns than `metrics`.
  """
  known = {t.name: t for t in [*tables.load(), *tables.load(FOLDER / 'rows')]}
  listed = tomllib.loads((FOLDER / 'protocols.toml').read_text('utf-8'))
  return {name: _set(name, fields, known) for name, fields in listed.items()}


def _set(name: str, fields: dict, known: dict[str, Table]) -> Set:
  own = tuple(_protocol(dict(table), known) for table in fields['table'])
  smoke, cpu = _keys(fields['smoke']), None
  if given := fields.get('cpu'):
    cpu = Reduced(given['why'], tuple(given['rows']), _keys(given['keys']))
  return Set(name, fields['title'], fields['batch'], smoke, own, cpu)


def _keys(fields: dict[str, Any]) -> dict[str, Any]:
  return {
    key: tuple(value) if isinstance(value, list) else value
    for key, value in fields.items()
  }


def _protocol(fields: dict, known: dict[str, Table]) -> Protocol:
  rows = fields.pop('rows')
  metrics = tuple(_metric(text) for text in fields.pop('metrics', ()))
  glyphs = fields.pop('glyphs', False)
  table = _of_glyphs(rows) if glyphs else known[rows]
  if metrics and len(metrics) != len(table.metrics):
    raise ValueError(
      f'{rows} has {len(table.metrics)} columns, and metrics has {len(metrics)}'
    )
  return Protocol(rows, table, metrics=metrics, **fields)


def _metric(text: str) -> Metric:
  task, name, factor = text.split()
  return Metric(task, name, float(factor))


def _of_glyphs(key: str) -> Table:
  """A source of the pictures of two glyphs as a table without Delta_m."""
  source = paper.SOURCES[key]
  rows = []
  for method, value in source.rows.items():
    text, _, half = value.text.partition(' ± ')
    cells = tuple(text.split(' / '))
    mark = source.mark.strip('[]')
    row = Row(method, cells, '', '', mark, source.name, half=half)
    rows.append(row)
  count = len(rows[0].cells)
  metrics = ('accuracy',) if count == 1 else ('left', 'right')
  title = f'{source.data}, {source.model}, accuracy in percent; {source.spread}'
  groups = tuple((i,) for i in range(count))
  higher = (True,) * count
  return Table(
    key, source.name, title, '', (), False, '', higher, groups, metrics,
    tuple(rows),
  )  # fmt: skip
