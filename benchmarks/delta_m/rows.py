"""The rows of delta_m.csv: every published row, recomputed."""

from benchmarks.delta_m import arithmetic
from benchmarks.delta_m.tables import Row, Table


def rows(tables: list[Table]) -> list[dict[str, str]]:
  """Returns a line per published row, in the order of the tables."""
  return [_line(table, row) for table in tables for row in table.rows]


def named(tables: list[Table]) -> list[tuple[Table, Row, arithmetic.Check]]:
  """Returns the rows that disagree with themselves: Delta_m or their mean."""
  checked = [
    (table, row, arithmetic.check(table, row))
    for table in tables
    for row in table.rows
  ]
  return [
    (table, row, check)
    for table, row, check in checked
    if check.verdict == 'disagrees' or check.mean_off is not None
  ]


def swapped(table: Table) -> tuple[int, int]:
  """Counts pairs of methods that the two conventions order differently.

  Args:
    table: its rows but that of the base.

  Returns:
    The number of such pairs, and of all pairs.
  """
  found = [arithmetic.check(table, row) for row in table.rows]
  values = [(c.delta_m, c.delta_p) for c in found if c.verdict != 'base']
  pairs = [(a, b) for i, a in enumerate(values) for b in values[:i]]
  return sum((a[0] < b[0]) != (a[1] > b[1]) for a, b in pairs), len(pairs)


def _line(table: Table, row: Row) -> dict[str, str]:
  check = arithmetic.check(table, row)
  return {
    'table': table.name,
    'method': row.method,
    'mark': row.mark,
    'source': row.source,
    'convention': table.convention,
    'printed': number(row.printed),
    # Adding 0 makes 0 of a negative zero.
    'delta_m': f'{round(check.delta_m, 3) + 0:.3f}',
    'delta_p': f'{round(check.delta_p, 3) + 0:.3f}',
    'difference': _maybe(check.difference, '.3f'),
    'bound': f'{check.bound:.3f}' if row.printed else '',
    'verdict': check.verdict,
    'mean_difference': _maybe(check.mean_off, '.3f'),
  }


def number(text: str) -> str:
  """Returns a printed number with a zero before its point."""
  return text.replace('-.', '-0.') if text[:1] != '.' else f'0{text}'


def _maybe(value: float | None, form: str) -> str:
  return '' if value is None else format(round(value, 3) + 0, form)
