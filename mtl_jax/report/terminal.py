"""A table with lines above it and notes below, as Markdown and as text."""

import sys
import textwrap
from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Console, Group
from rich.table import Table as RichTable
from rich.text import Text

from mtl_jax.report.layout import Table, blocks, padded

_ASCII = str.maketrans(
  {
    '±': '+-',
    '↑': '(up)',
    '↓': '(down)',
    '–': '-',
    '▲': '(b)',
    '▼': '(w)',
    'Δ': 'Delta_',
    'τ': 'tau',
  }
)
_COLOURS = {'▲': 'green', '▼': 'red'}


class Sheet(NamedTuple):
  """Lines above the table, the table, and notes below it.

  `more` is a second table, with lines above it, for which only files have room.
  """

  above: Sequence[str]
  table: Table
  notes: Sequence[str]
  more: tuple[Sequence[str], Table] | None = None


def markdown(sheet: Sheet) -> str:
  """Formats the sheet as Markdown: the table between two lists."""
  more, second = sheet.more or ([], None)
  parts = [
    _listed(sheet.above),
    _grid(sheet.table),
    _listed(sheet.notes),
    _listed(more),
    _grid(second) if second else '',
  ]
  return '\n\n'.join(part for part in parts if part) + '\n'


def _listed(lines: Sequence[str]) -> str:
  return '\n'.join(f'- {line}' for line in lines)


def _grid(table: Table) -> str:
  rule = [':--', *['--:'] * (len(table.header) - 1)]
  return '\n'.join(map(_pipes, (table.header, rule, *table.body)))


def console(sheet: Sheet, width: int = 120) -> Group:
  """Formats the sheet for rich.

  Args:
    sheet: what is shown.
    width: of the terminal in characters; wider tables are cut into blocks.

  Returns:
    What `rich.console.Console.print` takes.
  """
  # A rule of rich takes what `blocks` counts, and one more at the left edge.
  tables = [_rich(b) for b in blocks(sheet.table, width - 1)]
  head = [Text(line, style='dim') for line in sheet.above]
  foot = [Text(f'- {note}') for note in [*sheet.notes, *_elsewhere(sheet)]]
  return Group(*head, *tables, *foot)


def plain(sheet: Sheet, width: int = 120) -> str:
  """Formats the sheet as aligned text, for a log or a pipe.

  Args:
    sheet: what is shown.
    width: in characters; wider tables are cut into blocks.

  Returns:
    The text, of several lines.
  """
  tables = [_aligned(b) for b in blocks(sheet.table, width)]
  head = [textwrap.fill(line, width) for line in sheet.above]
  below = [*sheet.notes, *_elsewhere(sheet)]
  foot = [textwrap.fill(f'- {note}', width) for note in below]
  return '\n'.join([*head, '', *tables, *foot])


def show(sheet: Sheet, file=None) -> None:
  """Prints the sheet: in colour on a terminal, as plain text elsewhere.

  Args:
    sheet: what is shown.
    file: to print on, by default standard output. If its encoding lacks the
      signs, they are replaced by ASCII.
  """
  file = file or sys.stdout
  if file.isatty():
    screen = Console(file=file)
    screen.print(console(sheet, screen.width))
    return
  text = plain(sheet)
  if not _can_print(file):
    text = text.translate(_ASCII).encode('ascii', 'replace').decode()
  print(text, file=file)


def _elsewhere(sheet: Sheet) -> list[str]:
  """Names the columns that a terminal has no room for."""
  if not sheet.more:
    return []
  return [f'More columns in the files: {", ".join(sheet.more[1].header[1:])}']


def _pipes(line: list[str]) -> str:
  entries = (entry.replace('|', r'\|') for entry in line)
  return f'| {" | ".join(entries)} |'


def _rich(table: Table) -> RichTable:
  drawn = RichTable()
  for i, name in enumerate(table.header):
    drawn.add_column(Text(name), justify='right' if i else 'left', no_wrap=True)
  for line in padded(table).body:
    drawn.add_row(*(Text(e, style=_COLOURS.get(e[-1:], '')) for e in line))
  return drawn


def _aligned(table: Table) -> str:
  lines = [table.header, *padded(table).body]
  sizes = [max(map(len, column)) for column in zip(*lines, strict=True)]
  return (
    '\n'.join(
      '   '.join(
        entry.rjust(size) if i else entry.ljust(size)
        for i, (entry, size) in enumerate(zip(line, sizes, strict=True))
      ).rstrip()
      for line in lines
    )
    + '\n'
  )


def _can_print(file) -> bool:
  try:
    # All signs outside ASCII that a sheet itself writes.
    '±▲▼↑↓Δτ–'.encode(getattr(file, 'encoding', None) or 'utf-8')
  except UnicodeEncodeError:
    return False
  return True
