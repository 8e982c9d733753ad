"""Delta_m of printed cells, and how far rounding can move it.

A printed number stands for an interval, of half a unit of its last decimal to
both sides. Delta_m is a weighted sum of quotients of which no two share a cell,
so that interval arithmetic gives the exact range.
"""

import decimal
import itertools
from typing import NamedTuple

from benchmarks.delta_m.tables import BASES, Row, Table
from mtl_jax.report import relative

SLACK = 1e-9  # of binary fractions


class Check(NamedTuple):
  """What a row gives, beside what it prints.

  Attributes:
    delta_m: convention N, positive is worse.
    delta_p: convention P, positive is better.
    bound: largest difference to the printed value that rounding explains.
    difference: printed minus recomputed, in the convention of the table; None
      where nothing is printed.
    verdict: 'agrees', 'disagrees', 'not printed' or 'base'.
    mean_off: printed minus recomputed mean of the cells where rounding does not
      explain it, else None.
  """

  delta_m: float
  delta_p: float
  bound: float
  difference: float | None
  verdict: str
  mean_off: float | None


def check(table: Table, row: Row) -> Check:
  """Recomputes a row in both conventions and compares the printed value.

  Args:
    table: gives base row, signs, groups and convention.
    row: one of its rows.
  """
  both = {name: delta(table, row, name) for name in ('N', 'P')}
  bound = spread(table, row) + (half(row.printed) if row.printed else 0)
  off = None
  if row.printed:
    off = float(row.printed) - both[table.convention]
  return Check(
    both['N'], both['P'], bound, off, _verdict(row, off, bound), _mean_off(row)
  )


def delta(table: Table, row: Row, convention: str) -> float:
  """Returns Delta_m of a row in a convention, by the project's function."""
  values, base = ([float(x) for x in xs] for xs in (row.cells, table.base))
  return relative.delta_m(values, base, table.higher, table.groups, convention)


def half(text: str) -> float:
  """Returns half a unit of the last decimal of a printed number."""
  return 0.5 * 10.0 ** int(decimal.Decimal(text).as_tuple().exponent)


def weights(table: Table) -> list[float]:
  """Returns the weight of each metric in the table's own convention."""
  metrics = len(table.metrics)
  if table.convention == 'N':
    return [1 / metrics] * metrics
  size = {i: len(group) for group in table.groups for i in group}
  return [1 / (len(table.groups) * size[i]) for i in range(metrics)]


def spread(table: Table, row: Row) -> float:
  """Returns how far rounded cells can move the row's Delta_m, in percent."""
  parts = zip(weights(table), row.cells, table.base, strict=True)
  return 100 * sum(
    weight * _quotient(cell, base, table.base_exact)
    for weight, cell, base in parts
  )


def repairs(table: Table, row: Row) -> dict[str, float]:
  """Returns by metric which value alone would give the printed Delta_m.

  Args:
    table: as in `check`.
    row: one with a printed value.
  """
  off = float(row.printed) - delta(table, row, table.convention)
  found = {}
  for i, weight in enumerate(weights(table)):
    # A gain is positive if better, and convention N counts it negative.
    sign = 1 if table.higher[i] else -1
    sign *= 1 if table.convention == 'P' else -1
    change = sign * off / 100 / weight * abs(float(table.base[i]))
    found[table.metrics[i]] = float(row.cells[i]) + change
  return found


def _quotient(cell: str, base: str, exact: bool) -> float:
  """Largest change of cell / base within the rounding of both."""
  cells = [float(cell) + s * half(cell) for s in (-1, 1)]
  bases = [float(base) + s * (not exact) * half(base) for s in (-1, 1)]
  middle = float(cell) / float(base)
  return max(abs(c / b - middle) for c, b in itertools.product(cells, bases))


def _verdict(row: Row, off: float | None, bound: float) -> str:
  if row.method in BASES:
    return 'base'
  if off is None:
    return 'not printed'
  return 'agrees' if abs(off) <= bound + SLACK else 'disagrees'


def _mean_off(row: Row) -> float | None:
  if not row.mean:
    return None
  off = float(row.mean) - sum(map(float, row.cells)) / len(row.cells)
  allowed = sum(map(half, row.cells)) / len(row.cells) + half(row.mean)
  return off if abs(off) > allowed + SLACK else None
