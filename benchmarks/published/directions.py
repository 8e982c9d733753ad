"""Which row is worse than which in Delta: published against ours.

Where training is shorter or a network smaller, numbers cannot be compared, but
their order can. A published direction is a difference between a row and the
single tasks, or equal weights, of a point of Delta at least, that also exceeds
what is printed as their spreads together.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from benchmarks import against
from benchmarks.against import Span
from benchmarks.delta_m import arithmetic
from benchmarks.delta_m.tables import Row
from benchmarks.multi_fashion import rules
from benchmarks.published import compared, methods
from benchmarks.published.protocols import Protocol
from mtl_jax.report import results

LEAST = 1.0  # point of Delta; differences below it have no published direction
EQUAL = methods.Method('')  # how rows of equal weights are trained


class Pair(NamedTuple):
  """A published direction.

  Attributes:
    worse: a row.
    better: another one.
    by: the difference in Delta, positive.
  """

  worse: str
  better: str
  by: float


class Direction(NamedTuple):
  """A published direction, tested on our numbers.

  Attributes:
    table: id of the protocol.
    worse: a row.
    better: another one.
    published: by how much in Delta.
    ours: likewise: the mean of the differences of seeds.
    low: the lower end of its 95 % interval.
    high: the upper end.
    seeds: their number.
    verdict: as in `benchmarks.multi_fashion.rules`.
  """

  table: str
  worse: str
  better: str
  published: float
  ours: float
  low: float
  high: float
  seeds: int
  verdict: str


def tested(
  protocol: Protocol, trained: Mapping[str, results.Cell]
) -> list[Direction]:
  """Tests the published directions between rows that are trained.

  Args:
    protocol: the table.
    trained: our cells by the name of the row.
  """
  deltas = {m: d for m, d in compared.deltas(protocol, trained).items() if d}
  found = [
    pair for pair in pairs(protocol) if {pair.worse, pair.better} <= {*deltas}
  ]
  return [_tested(protocol, trained, deltas, p, len(found)) for p in found]


def pairs(protocol: Protocol) -> list[Pair]:
  """Returns the published directions of a table.

  Args:
    protocol: the table.
  """
  table = protocol.table
  if not table.convention:
    return []
  sign = _sign(protocol)
  rows = {r.method: printed(r) for r in table.rows if r.printed}
  base = compared.base_of([r.method for r in table.rows])
  if base:
    rows[base] = Span(0.0, 0.0)
  equal = [m for m in rows if methods.NAMES.get(m) == EQUAL]
  others = [base, *equal] if base else equal
  found = []
  for at, other in enumerate(others):
    for row in rows:
      if row in others[: at + 1]:  # each pair once
        continue
      by = sign * (rows[row].middle - rows[other].middle)
      apart = against.overlap(rows[row], rows[other]) == against.OUTSIDE
      if apart and abs(by) >= LEAST:
        names = (row, other) if by > 0 else (other, row)
        found.append(Pair(*names, abs(by)))
  return found


def printed(row: Row) -> Span:
  """Returns the published Delta of a row with its spread or rounding.

  Args:
    row: it has one.
  """
  value = float(row.printed)
  half = float(row.printed_half or arithmetic.half(row.printed))
  return Span(value - half, value + half)


def _sign(protocol: Protocol) -> int:
  """Of Delta where it is worse: positive in convention N."""
  return 1 if protocol.table.convention == 'N' else -1


def _tested(
  protocol: Protocol,
  trained: Mapping[str, results.Cell],
  deltas: Mapping[str, Mapping[int, float]],
  pair: Pair,
  count: int,
) -> Direction:
  sign = _sign(protocol)
  worse, better = deltas[pair.worse], deltas[pair.better]
  seeds = sorted({*worse} & {*better})
  values = [sign * (worse[seed] - better[seed]) for seed in seeds]
  overlap = trained[pair.worse].test_over_train
  part = rules.part(
    f'{pair.worse} less {pair.better}',
    float(np.mean(values)),
    against.of_mean(values, overlap),
    rules.ABOVE_0,
    count,
  )
  return Direction(
    protocol.id, *pair, part.value, *part.span, len(seeds), part.verdict
  )
