"""A self-contained HTML page, and `write`: all files of a table."""

import base64
import json
import pathlib
from collections.abc import Sequence

import jinja2
import pandas as pd

from mtl_jax.records import atomic
from mtl_jax.report import many, stats
from mtl_jax.report.agreement import baseline, ordered
from mtl_jax.report.compare import (
  figures,
  glossary,
  hyperparameters,
  readings,
  tables,
)
from mtl_jax.report.compare.above import above
from mtl_jax.report.compare.notes import notes
from mtl_jax.report.layout import readable
from mtl_jax.report.results import Cell

CAPTIONS = {
  'differences': (
    'Paired difference to single in the headline metric of each task, with '
    'the 95 % interval of the corrected test. Filled: better or worse after '
    'correction for the whole table; grey: equivalent to within the margin, '
    'which is shaded; hollow: undecided.'
  ),
  'curves': (
    'Validation metric by training step, mean and 95 % interval over the '
    'runs, corrected for the overlap of resplits. The first tenth of the '
    'steps may lie outside the frame.'
  ),
  'quality_vs_parameters': (
    'Δm with the 95 % interval of its corrected test against the number of '
    'parameters.'
  ),
}
# Of tables whose tasks are summed up, see `many`.
SUMMED = {
  'differences': (
    'Of every task, the gain over single in its headline metric with its 95 % '
    'interval, in order. Filled: better or worse after correction for the '
    'whole table; hollow: undecided or equivalent. The frame cuts wide '
    'intervals.'
  ),
  'curves': (
    'Validation metric by training step: median and quartiles over tasks of '
    'their means over the runs.'
  ),
}
READINGS = (
  '{label}: what the scheme logged in training, means over the steps between '
  'two evaluations; mean and 95 % t interval over the runs, which is not '
  'corrected for the overlap of resplits.'
)


def write(
  cells: Sequence[Cell],
  workdir: pathlib.Path,
  command: str = '',
  margin: float = stats.MARGIN,
) -> pd.DataFrame:
  """Writes table.{md,csv,tex}, figures/*.png and report.html.

  Every file is replaced as a whole.

  Args:
    cells: of the table, in any order.
    workdir: into which they are written.
    command: that is printed on the page.
    margin: of equivalence, see `rows.rows`.

  Returns:
    The long table, see `rows.rows`.

  Raises:
    InputError: the cells cannot be compared; then nothing is written.
  """
  cells = ordered(cells)
  frame = tables.write(cells, workdir, margin)
  draw(cells, frame, workdir, command)
  return frame


def draw(
  cells: Sequence[Cell],
  frame: pd.DataFrame,
  workdir: pathlib.Path,
  command: str = '',
) -> None:
  """Writes figures/*.png and report.html, which takes longer than a table.

  Args:
    cells: of the table, in any order.
    frame: from `rows.rows`.
    workdir: into which they are written.
    command: that is printed on the page.

  Raises:
    InputError: the cells cannot be compared; then nothing is written.
  """
  cells, workdir = ordered(cells), pathlib.Path(workdir)
  drawn = _drawn(cells, frame, workdir / 'figures')
  atomic.write(workdir / 'report.html', html(cells, frame, drawn, command))


def _drawn(
  cells: Sequence[Cell], frame: pd.DataFrame, folder: pathlib.Path
) -> dict[str, bytes]:
  """Draws into `folder`; returns the PNGs by name."""
  names = [*figures.ALL]
  for name, plot in figures.ALL.items():
    plot(cells, frame, folder / f'{name}.png')
  for cell in filter(readings.logged, cells):
    names.append(readings.name(cell))
    readings.write(cell, folder / f'{names[-1]}.png')
  return {name: (folder / f'{name}.png').read_bytes() for name in names}


def html(
  cells: Sequence[Cell],
  frame: pd.DataFrame,
  drawn: dict[str, bytes],
  command: str = '',
) -> str:
  """Returns the page.

  Args:
    cells: of the table, in any order.
    frame: from `rows.rows`.
    drawn: figures by name, as PNG.
    command: that is printed on the page.

  Returns:
    HTML with the figures inside.

  Raises:
    InputError: the cells cannot be compared.
  """
  cells = ordered(cells)
  header = baseline(cells).header
  own = {readings.name(c): READINGS.format(label=c.label) for c in cells}
  summed = SUMMED if many.too_many(cells[0].tasks) else {}
  captions = CAPTIONS | summed | own
  return _template().render(
    title=f'{header["dataset"]}: ways of sharing against single-task learning',
    lines=above(cells, frame),
    table=readable(cells, frame),
    more_lines=glossary.lines(cells, frame),
    more=glossary.table(cells, frame),
    pictures=[(n, _inline(png), captions[n]) for n, png in drawn.items()],
    notes=notes(cells, frame),
    data=_data(header.get('card') or {}),
    configuration=json.dumps(header['comparable'], indent=2),
    settings=[(cell.label, _settings(cell)) for cell in cells],
    versions=header['versions'],
    command=command,
  )


def _template() -> jinja2.Template:
  text = pathlib.Path(__file__).with_name('page.html').read_text('utf-8')
  # Names of tasks, notes and the command come from the user: escaped.
  environment = jinja2.Environment(autoescape=True, trim_blocks=True)
  return environment.from_string(text)


def _inline(png: bytes) -> str:
  return f'data:image/png;base64,{base64.b64encode(png).decode()}'


def _data(card: dict) -> list[tuple[str, str]]:
  """The card of the data as (name, text)."""
  names = ('name', 'source', 'licence', 'citation', 'split_rule')
  texts = {name: card.get(name) for name in names}
  texts['rows'] = _counts(card.get('counts') or {})
  texts['notes'] = card.get('notes')
  return [(k.replace('_', ' '), text) for k, text in texts.items() if text]


def _counts(counts: dict[str, int]) -> str:
  """Rows per split, and known labels per task where some are missing."""
  # Keys are SPLIT for rows and SPLIT/TASK for known labels.
  rows = [f'{k} {n}' for k, n in counts.items() if '/' not in k]
  labels = [
    f'{k} {n}'
    for k, n in counts.items()
    if '/' in k and n != counts.get(k.split('/')[0])
  ]
  known = f'; known labels: {many.some(labels, 36)}' if labels else ''
  return ', '.join(rows) + known


def _settings(cell: Cell) -> str:
  hp = json.dumps(hyperparameters.settled(cell))
  chosen = hyperparameters.selected(cell)
  more = f'; {hyperparameters.choice(cell)}' if chosen else ''
  return f'cell {cell.header["hash"]}: {hp}{more}'
