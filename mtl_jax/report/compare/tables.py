"""The table as CSV (long), Markdown, LaTeX and on the console (readable)."""

import pathlib
from collections.abc import Sequence

import pandas as pd
from rich.console import Group

from mtl_jax.records import atomic
from mtl_jax.report import terminal
from mtl_jax.report.agreement import ordered
from mtl_jax.report.compare.notes import above, notes
from mtl_jax.report.compare.rows import COLUMNS, rows
from mtl_jax.report.layout import Table, blocks, readable
from mtl_jax.report.results import Cell, load

__all__ = [
  'COLUMNS',
  'console',
  'latex',
  'load',
  'markdown',
  'plain',
  'rows',
  'show',
  'write',
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


def write(cells: Sequence[Cell], workdir: pathlib.Path) -> pd.DataFrame:
  """Writes table.{md,csv,tex}; the long table.

  Raises `InputError`, before anything is written, where the cells cannot be
  compared.
  """
  workdir = pathlib.Path(workdir)
  cells = ordered(cells)
  frame = rows(cells)
  write_csv(frame, workdir / 'table.csv')
  atomic.write(workdir / 'table.md', markdown(cells, frame))
  atomic.write(workdir / 'table.tex', latex(cells, frame))
  return frame


def write_csv(frame: pd.DataFrame, path: pathlib.Path) -> None:
  """Writes the long table, with every digit; unknown values are empty."""
  atomic.write(path, frame.to_csv(index=False, lineterminator='\n'))


def markdown(cells: Sequence[Cell], frame: pd.DataFrame) -> str:
  """The readable table with the lines above it and the notes under it."""
  return terminal.markdown(_sheet(cells, frame))


def latex(cells: Sequence[Cell], frame: pd.DataFrame, width: int = 120) -> str:
  """A `table` that needs no package; wide ones are cut into blocks."""
  cells = ordered(cells)
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
  return terminal.console(_sheet(cells, frame), width)


def plain(cells: Sequence[Cell], frame: pd.DataFrame, width: int = 120) -> str:
  """The readable table as aligned text, for a log or a pipe."""
  return terminal.plain(_sheet(cells, frame), width)


def show(cells: Sequence[Cell], frame: pd.DataFrame, file=None) -> None:
  """Prints the table on `file`, as `terminal.show` does."""
  terminal.show(_sheet(cells, frame), file)


def _sheet(cells: Sequence[Cell], frame: pd.DataFrame) -> terminal.Sheet:
  cells = ordered(cells)
  return terminal.Sheet(above(cells), readable(cells, frame), notes(cells))


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
