"""What the recomputed rows show, in words."""

from benchmarks import markdown
from benchmarks.delta_m import arithmetic, rows
from benchmarks.delta_m.tables import Row, Table


def named(tables: list[Table]) -> str:
  """Returns a list of the rows that disagree with themselves."""
  lines = []
  for table, row, check in rows.named(tables):
    said = f'- **{table.label}, {row.method}**'
    if check.verdict == 'disagrees':
      lines.append(markdown.wrapped(f'{said}: {_off(table, row, check)}'))
    else:
      lines.append(markdown.wrapped(f'{said}: {_mean(row, check)}.'))
  return '\n'.join(lines)


def _off(table: Table, row: Row, check: arithmetic.Check) -> str:
  printed = float(row.printed)
  words = (
    f'prints {rows.number(row.printed)}, its cells give '
    f'{printed - check.difference:.2f} ({check.difference:+.2f}, and rounding '
    f'allows {check.bound:.2f}). '
  )
  if check.mean_off is not None:
    words += f'Likewise it {_mean(row, check)}. '
  words += f'{row.note}. ' if row.note else ''
  needed = arithmetic.repairs(table, row)
  cells = ', '.join(
    f'{name} {value:.{3 if abs(value) < 1 else 2}f} (not {rows.number(cell)})'
    for (name, value), cell in zip(needed.items(), row.cells, strict=True)
  )
  return f'{words}One cell alone would have to be: {cells}.'


def _mean(row: Row, check: arithmetic.Check) -> str:
  return (
    f'prints the mean {row.mean}, and that of its cells is '
    f'{float(row.mean) - check.mean_off:.3f}'
  )


def remarks(tables: list[Table]) -> str:
  """Returns rows that agree by coarse cells alone, and biased columns."""
  return '\n'.join(_remarks(table) for table in tables if _remarks(table))


def _remarks(table: Table) -> str:
  checks = [arithmetic.check(table, row) for row in table.rows]
  pairs = zip(table.rows, checks, strict=True)
  judged = [(r, c) for r, c in pairs if c.difference is not None]
  least = min(c.bound for _, c in judged)
  name, lines = table.label, []
  for row, check in judged:
    if check.verdict == 'agrees' and abs(check.difference) > least:
      lines.append(
        f'- {name}, {row.method}: {check.difference:+.2f} from its cells, '
        'which are coarser than those of other rows; they explain '
        f'{check.bound:.2f}, cells as fine as the finest would explain '
        f'{least:.2f}.'
      )
  signs = {check.difference > 0 for _, check in judged}
  # By chance all signs of eight rows are equal once in 128 tables.
  if len(signs) == 1 and len(judged) >= 8:
    lines.append(
      f'- {name}: all {len(judged)} differences have one sign, which rounded '
      'cells alone seldom give; the base row behind the printed column may '
      'have other digits.'
    )
  return '\n'.join(map(markdown.wrapped, lines))


def conventions(tables: list[Table]) -> str:
  """Returns what the choice of the convention changes."""
  lines = [
    _change(table)
    for table in tables
    if not table.even and rows.swapped(table)[0]
  ]
  even = ', '.join(t.label for t in tables if t.even)
  return markdown.wrapped(
    '**The two conventions are not one number with two signs**: '
    f'{"; ".join(lines)}. Only where every task has equally many metrics do '
    f'they differ by sign alone ({even}).'
  )


def _change(table: Table) -> str:
  checks = [arithmetic.check(table, row) for row in table.rows]
  flips = [
    row.method
    for row, check in zip(table.rows, checks, strict=True)
    if check.delta_m > 0 and check.delta_p > 0
  ]
  pairs, of = rows.swapped(table)
  said = f' ({", ".join(flips)})' if flips else ''
  return (
    f'in {table.label} they order {pairs} of {of} pairs of methods '
    f'differently, and {len(flips)} methods are worse than single tasks by the '
    f'one and better by the other{said}'
  )
