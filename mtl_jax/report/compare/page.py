"""A self-contained HTML page, and `write`: all files of a table."""

import pathlib
from collections.abc import Mapping, Sequence

import pandas as pd

from mtl_jax.records import atomic
from mtl_jax.report import many, stats, unchanged
from mtl_jax.report.agreement import baseline, ordered
from mtl_jax.report.compare import (
  above,
  answer,
  figures,
  glossary,
  legible,
  readings,
  tables,
  weights,
)
from mtl_jax.report.compare.notes import notes
from mtl_jax.report.compare.paired_curves import compared
from mtl_jax.report.compare.parts import (
  captions,
  effects,
  limits,
  provenance,
  sentences,
)
from mtl_jax.report.layout import readable
from mtl_jax.report.results import Cell
from mtl_jax.report.web import sortable, templates


def write(
  cells: Sequence[Cell],
  workdir: pathlib.Path,
  command: str = '',
  margin: float = stats.MARGIN,
) -> pd.DataFrame:
  """Writes table.{md,csv,tex}, figures/*.{png,svg} and report.html.

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
  """Writes figures/*.{png,svg} and report.html; a table takes less long.

  Args:
    cells: of the table, in any order.
    frame: from `rows.rows`.
    workdir: into which they are written; the text of its `data.md`, if any, is
      on the page.
    command: that is printed on the page.

  Raises:
    InputError: the cells cannot be compared; then nothing is written.
  """
  cells, workdir = ordered(cells), pathlib.Path(workdir)
  drawn = _drawn(cells, frame, workdir / 'figures')
  described = unchanged.described(workdir)
  text = html(cells, frame, drawn, command, described)
  atomic.write(workdir / 'report.html', text)


def _drawn(
  cells: Sequence[Cell], frame: pd.DataFrame, folder: pathlib.Path
) -> dict[str, bytes]:
  """Draws into `folder`; returns the SVGs, or else the PNGs, by name."""
  names, shown = [*figures.ALL], legible.rows(cells, frame)
  for name, plot in figures.ALL.items():
    plot(shown, frame, folder / f'{name}.png')
  for cell in filter(readings.logged, shown):
    names.append(readings.name(cell))
    readings.write(cell, folder / f'{names[-1]}.png')
  return {name: _content(folder / name) for name in names}


def _content(path: pathlib.Path) -> bytes:
  # A name may have dots: `with_suffix` would cut it.
  svg = path.with_name(f'{path.name}.svg')
  return (
    svg if svg.is_file() else path.with_name(f'{path.name}.png')
  ).read_bytes()


def html(
  cells: Sequence[Cell],
  frame: pd.DataFrame,
  drawn: Mapping[str, bytes],
  command: str = '',
  described: str = '',
) -> str:
  """Returns the page.

  Args:
    cells: of the table, in any order.
    frame: from `rows.rows`.
    drawn: figures by name, as SVG or PNG.
    command: that is printed on the page.
    described: what was found in the user's data, in lines.

  Returns:
    HTML with the figures inside.

  Raises:
    InputError: the cells cannot be compared.
  """
  cells = ordered(cells)
  dataset = baseline(cells).header['dataset']
  weighed = weights.lines(cells)
  return templates.render(
    'compare/page.html',
    title=f'{dataset}: ways of sharing against single-task learning',
    answer=answer.sentence(cells, frame),
    sentences=sentences.of_rows(cells, frame),
    limits=limits.lines(cells, frame),
    basis=above.basis(cells, frame),
    table=sortable.of_table(readable(cells, frame), _verdicts(cells, frame)),
    latex=tables.latex(cells, frame),
    notes=[note for note in notes(cells, frame) if note not in weighed],
    effects=effects.panels(cells, frame),
    weights=weighed,
    more_lines=glossary.lines(cells, frame),
    more=sortable.of_table(glossary.table(cells, frame)),
    card=provenance.card(cells),
    described=described,
    provenance=provenance.lines(cells),
    settings=provenance.settings(cells),
    configuration=provenance.configuration(cells),
    command=command,
    **_pictures(cells, frame, drawn),
  )


def _pictures(cells: Sequence[Cell], frame: pd.DataFrame, drawn) -> dict:
  """The figures by the section of the page that shows them."""
  shown = legible.rows(cells, frame)
  found = captions.of_figures(shown, frame, drawn)
  # There are none where single is compared with linear models alone.
  curves = any(run.curve for c in compared(shown) for run in c.completed)
  # Bars of many tasks have no room on the page; their figure has.
  summed = many.too_many(cells[0].tasks)
  return {
    'differences': found.get('differences') if summed else None,
    'paired': found.get('curve_differences') if curves else None,
    'curves': found.get('curves'),
    'quality': found.get('quality_vs_parameters'),
    'drawn': legible.caption(cells, frame),
    'readings': [found[name] for name in found if name not in figures.ALL],
  }


def _verdicts(cells: Sequence[Cell], frame: pd.DataFrame) -> dict[str, str]:
  """The verdict on Delta_m of each row that is compared."""
  rows = frame[frame['metric'] == 'delta_m'].set_index(['scheme', 'balancer'])
  return {
    cell.label: rows.loc[(cell.scheme, cell.balancer), 'verdict']
    for cell in cells
    if not cell.is_baseline
  }
