"""The report on several data sets, as Markdown and as one HTML page."""

import pathlib
from collections.abc import Iterator
from typing import NamedTuple

from mtl_jax.records import atomic
from mtl_jax.report import terminal
from mtl_jax.report.compare import tables
from mtl_jax.report.joined import figures, hierarchical, long_table, questions
from mtl_jax.report.joined.findings import Findings, find
from mtl_jax.report.joined.join import DataSet, Joined
from mtl_jax.report.terminal import Sheet
from mtl_jax.report.web import inline, sortable, templates

TITLE = 'Ways of sharing on {} data sets'


class Page(NamedTuple):
  """What both forms of the page show."""

  title: str
  lines: list[str]
  sections: list[questions.Section]


def write(
  joined: Joined,
  folder: pathlib.Path,
  command: str = '',
  margin: float = hierarchical.MARGIN,
) -> Page:
  """Writes joined.{md,csv}, figures/*.png and report.html.

  Args:
    joined: the data sets.
    folder: into which they are written.
    command: that is printed on the page.
    margin: of equivalence, in % points.

  Returns:
    The page.

  Raises:
    InputError: Delta_m of a data set is refused; then nothing is written.
  """
  found, folder = find(joined, margin), pathlib.Path(folder)
  page = make(found)
  tables.write_csv(long_table.long(found), folder / 'joined.csv')
  atomic.write(folder / 'joined.md', markdown(page))
  drawn = figures.write(found, folder / 'figures')
  atomic.write(folder / 'report.html', html(page, drawn, command))
  return page


def make(found: Findings) -> Page:
  """Returns the page of all numbers."""
  title = TITLE.format(len(found.joined.sets))
  return Page(title, [*_lines(found.joined)], [*questions.all_of(found)])


def markdown(page: Page) -> str:
  """Formats the page; figures are links."""
  parts = [f'# {page.title}\n', '\n'.join(f'- {line}' for line in page.lines)]
  for own in page.sections:
    parts += [f'\n## {own.title}\n\n{own.answer}\n']
    parts += [terminal.markdown(own.sheet)]
    parts += (
      [f'![{name}](figures/{name}.png)\n'] if (name := own.figure) else []
    )
  return '\n'.join(parts)


def show(page: Page) -> None:
  """Prints the page: answers and tables."""
  above = list(page.lines)
  for own in page.sections:
    above += [*([''] if above else []), f'{own.title}: {own.answer}']
    terminal.show(Sheet(above, own.sheet.table, []))
    above = []


def html(page: Page, drawn: dict[str, bytes], command: str = '') -> str:
  """Returns a page that needs no other file.

  Args:
    page: what it shows.
    drawn: figures by name, as PNG.
    command: that is printed at its end.
  """
  return templates.render(
    'joined/joined.html',
    title=page.title,
    lines=page.lines,
    sections=[_section(own, drawn) for own in page.sections],
    command=command,
  )


def _section(own: questions.Section, drawn: dict[str, bytes]) -> dict:
  picture = None
  if own.figure in drawn:
    content, text = drawn[own.figure], _alternative(own)
    picture = inline.make(own.title, content, own.caption, text)
  return {
    'title': own.title,
    'answer': own.answer,
    'lines': own.sheet.above,
    'table': sortable.of_table(own.sheet.table),
    'picture': picture,
  }


def _alternative(own: questions.Section) -> str:
  """The rows of the table, which the figure draws, as text."""
  names = own.sheet.table.header[1:]
  rows = [
    f'{label}: '
    + ', '.join(f'{n} {e}' for n, e in zip(names, rest, strict=True))
    for label, *rest in own.sheet.table.body
  ]
  return f'{own.title}. {"; ".join(rows)}.'


def _lines(joined: Joined) -> Iterator[str]:
  yield f'Data sets: {"; ".join(_described(own) for own in joined.sets)}.'
  if joined.left_out:
    yield f'Left out: {"; ".join(_left_out(joined.left_out))}.'
  fixed = [s.name for s in joined.sets if s.base.header['split'] == 'fixed']
  if fixed:
    yield (
      f'{", ".join(fixed)}: seeds on one split; their intervals speak of '
      'training noise only.'
    )
  parts = [n for s in joined.sets if (n := _primary(s))]
  yield from parts


def _left_out(reasons: dict[str, str]) -> list[str]:
  """The rows of each reason together."""
  return [
    f'{", ".join(k for k in reasons if reasons[k] == why)} ({why})'
    for why in dict.fromkeys(reasons.values())
  ]


def _described(own: DataSet) -> str:
  head = own.base.header
  steps = head['comparable'].get('steps')
  return (
    f'{own.name} ({own.workdir}: encoder {head["encoder"]}, '
    f'{len(own.base.tasks)} tasks, {len(own.base.setting)} {own.base.repeats}'
    + (f', {steps:,} steps)' if steps else ')')
  )


def _primary(own: DataSet) -> str:
  names = own.base.header.get('primary')
  return f'{own.name}: Δm counts {", ".join(names)} alone.' if names else ''
