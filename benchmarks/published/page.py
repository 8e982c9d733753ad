"""The page of a data set: published against ours."""

import pathlib

from benchmarks import markdown, results
from benchmarks.against import OUTSIDE, WITHIN
from benchmarks.multi_fashion import rules
from benchmarks.published import sizes
from benchmarks.published.compared import DELTA, Line
from benchmarks.published.directions import Direction
from benchmarks.published.protocols import Protocol, Set

FILE, PAGE = 'published_vs_ours.csv', 'README.md'
DIRECTIONS, FIGURE = 'directions.csv', 'delta.png'
HEAD = ('row', 'number', 'published', 'ours', 'verdict')
RULE = (
  '*within*: the 95 % interval of our mean over seeds has a point in common '
  'with the published value and its interval, or with its rounding where the '
  'paper prints no interval. *outside*: it has none; a mean of a few seeds '
  'without an interval spreads more than its rounding, so that this is no '
  'proof of a difference.'
)
MINIATURE = (
  '**Miniature files: small random pictures. Nothing here is comparable.**'
)
ORDER = (
  'Which row is worse than which can be compared where training is shorter or '
  'the network smaller. A published direction is a difference in Delta to '
  'single tasks, or to equal weights, of a point at least, that also exceeds '
  'the printed spreads of both together. It holds if the 95 % interval of our '
  'paired differences lies above 0; it does not hold if that lies below 0, '
  'after a correction (Bonferroni) for their number.'
)
FIGURE_LINE = f'![Delta to single tasks, published and ours]({FIGURE})'
SIGNS = {
  'N': 'Delta: flat mean over metrics, positive is worse.',
  'P': 'Delta: mean over tasks, positive is better.',
}


def write(
  folder: pathlib.Path,
  own: Set,
  lines: list[Line],
  miniature: bool,
  directions: list[Direction] | None = None,
) -> str:
  """Writes the page and the CSV files.

  Args:
    folder: for all.
    own: the data set.
    lines: of all tables.
    miniature: whether files were miniature.
    directions: that were tested; None without any.

  Returns:
    The text of the page.
  """
  results.write(folder / FILE, [line._asdict() for line in lines])
  parts = [f'# {own.title}: published against ours']
  if miniature:
    parts.append(MINIATURE)
  elif answer := _numbers(lines):
    parts.append(answer)
  if directions:
    results.write(folder / DIRECTIONS, [x._asdict() for x in directions])
    parts += [_answer(directions), FIGURE_LINE, *_directions(directions)]
  parts.append(markdown.wrapped(RULE))
  parts += [
    _table(p, [x for x in lines if x.table == p.id]) for p in own.protocols
  ]
  text = '\n\n'.join(parts) + '\n'
  (folder / PAGE).write_text(text, encoding='utf-8')
  return text


def _numbers(lines: list[Line]) -> str:
  """How many numbers are as published, in a sentence; '' if none can be."""
  words = [x.verdict for x in lines]
  within, outside = (words.count(w) for w in (WITHIN, OUTSIDE))
  if not within + outside:
    return ''
  return markdown.wrapped(
    f'Of {within + outside} published numbers of rows that were trained here '
    f'{within} are within and {outside} outside.'
  )


def _answer(found: list[Direction]) -> str:
  """The answer in a sentence."""
  counts = [
    sum(x.verdict == verdict for x in found)
    for verdict in (rules.HOLDS, rules.FAILS, rules.OPEN)
  ]
  return markdown.wrapped(
    'Of {} published directions between rows that were trained here {} hold, '
    '{} do not and {} are undecided.'.format(len(found), *counts)
  )


def _directions(found: list[Direction]) -> list[str]:
  head = ('direction', 'published, by', 'ours, by', 'verdict')
  rows = [
    [
      f'{x.worse} is worse than {x.better}',
      f'{x.published:.3g}',
      f'{x.ours:.3g} [{x.low:.3g}, {x.high:.3g}] n={x.seeds}',
      x.verdict,
    ]
    for x in found
  ]
  return [
    '## Directions',
    markdown.wrapped(ORDER),
    markdown.table(head, rows, words=2),
  ]


def _table(protocol: Protocol, lines: list[Line]) -> str:
  table = protocol.table
  notes = [SIGNS.get(table.convention, '')]
  if table.convention:
    notes.append(
      f'Published Delta is to {table.base_source}; ours to our own single '
      'tasks, seed by seed.'
    )
  if protocol.differs:
    notes.append(f'Not as published: {protocol.differs}.')
  reduced = [x for x in lines if sizes.REDUCED in x.verdict]
  cells = [
    [
      x.method,
      _sign(x.metric, table.convention),
      x.published + (' (second-hand)' if x.mark == 'second-hand' else ''),
      f'{x.ours} n={x.seeds}' if x.ours else '–',
      x.verdict,
    ]
    for x in lines
    if x not in reduced
  ]
  above = markdown.wrapped(' '.join(filter(None, notes)))
  found = [f'## {table.title}', above, markdown.table(HEAD, cells, words=2)]
  return '\n\n'.join(filter(None, [*found, _left_out(reduced)]))


def _left_out(lines: list[Line]) -> str:
  """Names the rows that a preset does not train; '' without any."""
  names = ', '.join(dict.fromkeys(x.method for x in lines))
  return names and markdown.wrapped(
    f'This preset does not train {names}; {FILE} has what is published of them.'
  )


def _sign(metric: str, convention: str) -> str:
  better = '+ is worse' if convention == 'N' else '+ is better'
  return f'{DELTA} ({better})' if metric == DELTA else metric
