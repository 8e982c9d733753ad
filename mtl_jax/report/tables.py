"""The table as CSV (long), Markdown, LaTeX and on the console (readable)."""

import pathlib
import sys
import textwrap
from collections.abc import Sequence

import pandas as pd
from rich.console import Console, Group
from rich.table import Table as RichTable
from rich.text import Text

from mtl_jax.report import atomic
from mtl_jax.report.cells import Cell, load
from mtl_jax.report.comparison import COLUMNS, rows
from mtl_jax.report.layout import Table, blocks, padded, readable
from mtl_jax.report.lines import above, notes

__all__ = [
  'COLUMNS',
  'console',
  'latex',
  'load',
  'markdown',
  'plain',
  'rows',
  'show',
  'write_csv',
]

_LATEX = str.maketrans(
  {
    **{c: f'\\{c}' for c in '&%$#_{}'},
    '\\': r'\textbackslash{}',
    '~': r'\textasciitilde{}',
    '^': r'\textasciicircum{}',
    '<': '$<$',
    '>': '$>$',
    '±': r'$\pm$',
    '↑': r'$\uparrow$',
    '↓': r'$\downarrow$',
    'Δ': r'$\Delta$',
    '–': '--',
    '▲': r'\textsuperscript{b}',
    '▼': r'\textsuperscript{w}',
  }
)
_ASCII = str.maketrans(
  {
    '±': '+-',
    '↑': '(up)',
    '↓': '(down)',
    '–': '-',
    '▲': '(b)',
    '▼': '(w)',
    'Δ': 'Delta_',
  }
)
_COLOURS = {'▲': 'green', '▼': 'red'}


def write_csv(frame: pd.DataFrame, path: pathlib.Path) -> None:
  """Writes the long table, every digit kept; what is unknown is empty."""
  atomic.write(path, frame.to_csv(index=False, lineterminator='\n'))


def markdown(cells: Sequence[Cell], frame: pd.DataFrame) -> str:
  """The readable table with the lines above it and the notes under it."""
  table = readable(cells, frame)
  rule = [':--', *['--:'] * (len(table.header) - 1)]
  parts = [
    '\n'.join(f'- {line}' for line in above(cells)),
    '\n'.join(_pipes(line) for line in (table.header, rule, *table.body)),
    '\n'.join(f'- {note}' for note in notes(cells)),
  ]
  return '\n\n'.join(part for part in parts if part) + '\n'


def latex(cells: Sequence[Cell], frame: pd.DataFrame, width: int = 120) -> str:
  """A `table` that needs no package; wide ones are cut into blocks."""
  tabulars = [_tabular(b) for b in blocks(readable(cells, frame), width)]
  caption = ' '.join(line.translate(_LATEX) for line in above(cells))
  under = [rf'\par {note.translate(_LATEX)}' for note in notes(cells)]
  return '\n'.join(
    [
      r'\begin{table*}\centering\footnotesize',
      rf'\caption{{{caption}}}',
      '\n\\par\\medskip\n'.join(tabulars),
      *under,
      r'\end{table*}',
      '',
    ]
  )


def console(
  cells: Sequence[Cell], frame: pd.DataFrame, width: int = 120
) -> Group:
  """The readable table for rich, in blocks of at most `width` columns."""
  # A rule of rich takes what `blocks` counts, and one more at the left edge.
  tables = [_rich(b) for b in blocks(readable(cells, frame), width - 1)]
  head = [Text(line, style='dim') for line in above(cells)]
  foot = [Text(f'- {note}') for note in notes(cells)]
  return Group(*head, *tables, *foot)


def plain(cells: Sequence[Cell], frame: pd.DataFrame, width: int = 120) -> str:
  """The readable table as aligned text, for a log or a pipe."""
  tables = [_aligned(b) for b in blocks(readable(cells, frame), width)]
  head = [textwrap.fill(line, width) for line in above(cells)]
  foot = [textwrap.fill(f'- {note}', width) for note in notes(cells)]
  return '\n'.join([*head, '', *tables, *foot])


def show(cells: Sequence[Cell], frame: pd.DataFrame, file=None) -> None:
  """Prints the table on `file` (standard output).

  Coloured on a terminal, plain text elsewhere, ASCII where nothing else goes.
  """
  file = file or sys.stdout
  if file.isatty():
    screen = Console(file=file)
    screen.print(console(cells, frame, screen.width))
    return
  text = plain(cells, frame)
  if not _can_print(file):
    text = text.translate(_ASCII).encode('ascii', 'replace').decode()
  print(text, file=file)


def _pipes(line: list[str]) -> str:
  entries = (entry.replace('|', r'\|') for entry in line)
  return f'| {" | ".join(entries)} |'


def _tabular(table: Table) -> str:
  lines = [
    ' & '.join(_number(entry) for entry in line) + r' \\'
    for line in (table.header, *table.body)
  ]
  shape = 'l' + 'r' * (len(table.header) - 1)
  body = [rf'\begin{{tabular}}{{{shape}}}', r'\hline', lines[0], r'\hline']
  return '\n'.join([*body, *lines[1:], r'\hline', r'\end{tabular}'])


def _number(entry: str) -> str:
  # A hyphen is too short for a minus.
  minus = entry.startswith('-')
  return '$-$' * minus + entry[minus:].translate(_LATEX)


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
    '±▲▼↑↓Δ–'.encode(getattr(file, 'encoding', None) or 'utf-8')
  except UnicodeEncodeError:
    return False
  return True
