"""Published numbers against ours, metric by metric.

The rule: *within* if the 95 % t interval of our mean over seeds has a point in
common with the published value and its own 95 % interval; where the paper
prints none, with the value and its rounding, half a unit of its last digit.
*outside* otherwise. A published mean of a few seeds without an interval has a
spread that nobody knows, so that *outside* is not a proof of a difference.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from benchmarks import against
from benchmarks.against import Span
from benchmarks.delta_m import arithmetic
from benchmarks.delta_m.tables import BASES, Row
from benchmarks.published import methods
from benchmarks.published.protocols import Metric, Protocol
from mtl_jax.report import relative, results, stats, units

DELTA = 'Delta'


class Line(NamedTuple):
  """A published number against ours.

  Attributes:
    table: id of the protocol.
    method: the row.
    metric: the column, or `DELTA`.
    published: as printed.
    mark: seen, or second-hand.
    ours: mean over seeds and 95 % interval, or ''.
    seeds: their number.
    verdict: within, outside or not comparable.
  """

  table: str
  method: str
  metric: str
  published: str
  mark: str
  ours: str
  seeds: int
  verdict: str


def values(cell: results.Cell, metric: Metric) -> dict[int, float]:
  """Returns one of our numbers by seed, in the published unit.

  Args:
    cell: trained.
    metric: which number; seeds where a task has no value are left out.
  """
  names = [task.name for task in cell.tasks]
  if metric.task != '*':
    names = [name for name in names if name == metric.task]
  # Records of standardised labels are in standard deviations.
  found = [units.values(cell, name, metric.name) for name in names]
  seeds = set.intersection(*map(set, found)) if found else set()
  return {
    seed: metric.factor * float(np.mean([own[seed] for own in found]))
    for seed in sorted(seeds)
  }


def base_of(methods: Iterable[str]) -> str | None:
  """Returns the row that others are compared with; None without one.

  Args:
    methods: names of rows.
  """
  return next((name for name in methods if name in BASES), None)


def lines(
  protocol: Protocol,
  trained: Mapping[str, results.Cell],
  untrained: Mapping[str, str],
  apart: str,
) -> list[Line]:
  """Compares all rows of a table.

  Args:
    protocol: the table.
    trained: our cells by the name of the row.
    untrained: why other rows have no cell.
    apart: why no number of this training is comparable, or ''.
  """
  single = trained.get(base_of(trained))
  apart = ', '.join(filter(None, (protocol.apart, apart)))
  made = []
  for row in protocol.table.rows:
    cell = trained.get(row.method)
    why = '' if cell else untrained.get(row.method) or _why(protocol, row)
    pairs = _published(protocol, row)
    ours = _ours(protocol, cell, single) if cell else {}
    overlap = cell.test_over_train if cell else None
    for metric, (text, span) in pairs.items():
      own = ours.get(metric, [])
      interval = against.of_mean(own, overlap)(stats.LEVEL)
      made.append(
        Line(
          protocol.id, row.method, metric, text, row.mark,
          _shown(own, interval), len(own),
          _verdict(why or apart, own, interval, span),
        )
      )  # fmt: skip
  return made


def _why(protocol: Protocol, row: Row) -> str:
  if not protocol.metrics:
    return ''  # `apart` says it
  known = methods.of(row.method, protocol.scheme)
  return 'not trained' if known else 'no such method in this library'


def _published(protocol: Protocol, row: Row) -> dict[str, tuple[str, Span]]:
  """Text and interval of each number of a row."""
  found = {
    name: _spread(cell, row.half)
    for name, cell in zip(protocol.table.metrics, row.cells, strict=True)
  }
  if row.printed:
    # The spread behind Delta is an error of unknown level: only the rounding.
    text, span = _spread(row.printed, '')
    behind = f' ± {row.printed_half}' if row.printed_half else ''
    found[DELTA] = text + behind, span
  return found


def _spread(text: str, half: str) -> tuple[str, Span]:
  # Some are ranges of runs, such as 79.3–80.1.
  ends = text.split('–')
  width = float(half) if half else max(map(arithmetic.half, ends))
  shown = f'{text} ± {half}' if half else text
  return shown, Span(float(ends[0]) - width, float(ends[-1]) + width)


def _ours(
  protocol: Protocol, cell: results.Cell, base: results.Cell | None
) -> dict[str, list[float]]:
  """Our numbers by the name of the column, a list over seeds."""
  own = [values(cell, metric) for metric in protocol.metrics]
  found = {
    name: [*by_seed.values()]
    for name, by_seed in zip(protocol.table.metrics, own, strict=True)
  }
  if base is not None and cell is not base:
    found[DELTA] = [*_deltas(protocol, own, base).values()]
  return found


def deltas(
  protocol: Protocol, trained: Mapping[str, results.Cell]
) -> dict[str, dict[int, float]]:
  """Delta of our rows by seed; {} without single tasks or a convention.

  Args:
    protocol: the table.
    trained: our cells by the name of the row.
  """
  single = trained.get(base_of(trained))
  if single is None or not protocol.table.convention:
    return {}
  return {
    name: _deltas(protocol, [values(cell, m) for m in protocol.metrics], single)
    for name, cell in trained.items()
  }


def _deltas(
  protocol: Protocol, own: list[dict[int, float]], base: results.Cell
) -> dict[int, float]:
  """Delta to our own single tasks, in the convention of the table, by seed."""
  table = protocol.table
  others = [values(base, metric) for metric in protocol.metrics]
  seeds = set.intersection(*map(set, [*own, *others]))
  if not table.convention or any(not x[s] for x in others for s in seeds):
    return {}  # A base of 0 has no relative change.
  return {
    seed: relative.delta_m(
      [x[seed] for x in own],
      [x[seed] for x in others],
      table.higher,
      table.groups,
      table.convention,
    )
    for seed in sorted(seeds)
  }


def _shown(own: list[float], interval: Span) -> str:
  if not own:
    return ''
  mean = f'{np.mean(own):.4g}'
  if len(own) < 2:
    return mean
  return f'{mean} [{interval.low:.4g}, {interval.high:.4g}]'


def _verdict(
  apart: str, own: list[float], interval: Span, published: Span
) -> str:
  if apart:
    return against.not_comparable(apart)
  if not own:
    return against.not_comparable('no value here')
  return against.overlap(interval, published)


def row_of(line: Line) -> dict[str, Any]:
  """Returns a line of published_vs_ours.csv."""
  return line._asdict()
