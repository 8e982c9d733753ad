"""The table as CSV (long), Markdown, LaTeX and on the console (readable)."""

import pathlib
from collections.abc import Sequence

import pandas as pd
from rich.console import Group

from mtl_jax.records import atomic
from mtl_jax.report import stats, terminal
from mtl_jax.report.agreement import ordered
from mtl_jax.report.compare import glossary
from mtl_jax.report.compare.above import above
from mtl_jax.report.compare.notes import notes
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
  'put',
  'rows',
  'sheet',
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


def write(
  cells: Sequence[Cell], workdir: pathlib.Path, margin: float = stats.MARGIN
) -> pd.DataFrame:
  """Writes table.{md,csv,tex}.

  Args:
    cells: of the table, in any order.
    workdir: into which they are written.
    margin: of equivalence, see `rows.rows`.

  Returns:
    The long table, see `rows.rows`.

  Raises:
    InputError: the cells cannot be compared; then nothing is written.
  """
  cells = ordered(cells)
  frame = rows(cells, margin)
  put(cells, frame, workdir)
  return frame


def put(
  cells: Sequence[Cell], frame: pd.DataFrame, workdir: pathlib.Path
) -> None:
  """Writes table.{md,csv,tex} of a long table that is made already.

  Args:
    cells: of the table, in any order.
    frame: from `rows.rows`.
    workdir: into which they are written.
  """
  workdir = pathlib.Path(workdir)
  write_csv(frame, workdir / 'table.csv')
  atomic.write(workdir / 'table.md', markdown(cells, frame))
  atomic.write(workdir / 'table.tex', latex(cells, frame))


def write_csv(frame: pd.DataFrame, path: pathlib.Path) -> None:
  """Writes a frame with all digits; unknown values are empty.

  Args:
    frame: such as the long table.
    path: of the CSV.
  """
  atomic.write(path, frame.to_csv(index=False, lineterminator='\n'))


def markdown(cells: Sequence[Cell], frame: pd.DataFrame) -> str:
  """Formats the readable table, with lines above and notes below it.

  Args:
    cells: of the table, in any order.
    frame: from `rows.rows`.

  Returns:
    Markdown.
  """
  return terminal.markdown(sheet(cells, frame))


def latex(cells: Sequence[Cell], frame: pd.DataFrame, width: int = 120) -> str:
  """Formats a `table*` environment that needs no package.

  Args:
    cells: of the table, in any order.
    frame: from `rows.rows`.
    width: in characters; wider tables are cut into blocks.

  Returns:
    LaTeX.
  """
  cells = ordered(cells)
  tabulars = [_tabular(b) for b in blocks(readable(cells, frame), width)]
  caption = ' '.join(line.translate(_LATEX) for line in above(cells, frame))
  under = [rf'\par {note.translate(_LATEX)}' for note in notes(cells, frame)]
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
  """Formats the readable table for rich.

  Args:
    cells: of the table, in any order.
    frame: from `rows.rows`.
    width: in characters; wider tables are cut into blocks.

  Returns:
    What `rich.console.Console.print` takes.
  """
  return terminal.console(sheet(cells, frame), width)


def plain(cells: Sequence[Cell], frame: pd.DataFrame, width: int = 120) -> str:
  """Formats the readable table as aligned text, for a log or a pipe.

  Args:
    cells: of the table, in any order.
    frame: from `rows.rows`.
    width: in characters; wider tables are cut into blocks.

  Returns:
    The text, of several lines.
  """
  return terminal.plain(sheet(cells, frame), width)


def show(cells: Sequence[Cell], frame: pd.DataFrame, file=None) -> None:
  """Prints the table, as `terminal.show` does.

  Args:
    cells: of the table, in any order.
    frame: from `rows.rows`.
    file: to print on, by default standard output.
  """
  terminal.show(sheet(cells, frame), file)


def sheet(cells: Sequence[Cell], frame: pd.DataFrame) -> terminal.Sheet:
  """Makes the readable table with lines above and notes below it.

  Args:
    cells: of the table, in any order.
    frame: from `rows.rows`.
  """
  cells = ordered(cells)
  lines, below = above(cells, frame), notes(cells, frame)
  more = glossary.lines(cells, frame), glossary.table(cells, frame)
  return terminal.Sheet(lines, readable(cells, frame), below, more)


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
