"""The claims on several data sets, side by side: a page, a table, a figure."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Sequence

import pandas as pd

from mtl_jax.records import atomic
from mtl_jax.report import terminal
from mtl_jax.report.claims import joined_claims_figure, page, summary
from mtl_jax.report.claims.answered import Answered, load
from mtl_jax.report.claims.claimed import (
  CLAIMS,
  FAILS,
  HOLDS,
  UNDECIDED,
  Answer,
)
from mtl_jax.report.compare.tables import write_csv
from mtl_jax.report.layout import Table
from mtl_jax.report.terminal import Sheet

FIGURE = 'figures/claims.png'
WORDS = {
  HOLDS: 'holds on',
  FAILS: 'does not hold on',
  UNDECIDED: 'undecided on',
}


def write(folders: Sequence[pathlib.Path], into: pathlib.Path) -> None:
  """Writes claims.md, claims.csv and figures/claims.png, and prints them.

  Args:
    folders: workdirs of `experiments.claims`, one per data set and encoder.
    into: the folder of the files.

  Raises:
    InputError: a folder has no claims.json, or it cannot be read, or two are
      of one data set and encoder.
  """
  sets = load(folders)
  sheet = _sheet(sets)
  joined_claims_figure.draw(_by_claim(sets), into / FIGURE)
  frames = [page.frame([*s.answers.values()], s.name) for s in sets]
  write_csv(pd.concat(frames, ignore_index=True), into / 'claims.csv')
  atomic.write(into / 'claims.md', markdown(sets, into))
  terminal.show(sheet)
  print(f'\nwritten: {into}/claims.md .csv, {into}/{FIGURE}')


def _by_claim(sets: Sequence[Answered]) -> dict[str, dict[str, Answer]]:
  """Answers by claim and data set; claims that nobody asked are left out."""
  found = {
    claim: {s.name: s.answers[claim] for s in sets if claim in s.answers}
    for claim in CLAIMS
  }
  return {claim: own for claim, own in found.items() if own}


def sentence(claim: str, answers: dict[str, Answer]) -> str:
  """Says on which data sets a claim holds, with the numbers behind it.

  Args:
    claim: its name.
    answers: by data set.
  """
  parts = []
  for verdict, words in WORDS.items():
    own = [
      f'{name}{_behind(one)}'
      for name, one in answers.items()
      if one.verdict == verdict
    ]
    if own:
      parts.append(f'{words} {", ".join(own)}')
  return f'{CLAIMS[claim]}: {"; ".join(parts)}.'


def _behind(answer: Answer) -> str:
  """What a verdict rests on, in brackets: numbers, or the power."""
  if answer.verdict == HOLDS:
    return f' ({summary.in_numbers(answer)})'
  power = summary.power(answer)
  if answer.verdict == UNDECIDED and power:
    return f' ({power} would have been shown)'
  return ''


def _sheet(sets: Sequence[Answered]) -> Sheet:
  by_claim = _by_claim(sets)
  above = [sentence(claim, own) for claim, own in by_claim.items()]
  body = [
    [
      page.title(claim),
      *(_entry(own[s.name]) if s.name in own else '–' for s in sets),
    ]
    for claim, own in by_claim.items()
  ]
  return Sheet(above, Table(['claim', *(s.name for s in sets)], body), [])


def _entry(answer: Answer) -> str:
  return f'{answer.verdict}; {summary.in_numbers(answer)}'


def markdown(sets: Sequence[Answered], into: pathlib.Path) -> str:
  """Formats the page.

  Args:
    sets: the data sets.
    into: the folder of the page, from where it links to theirs.
  """
  sheet = _sheet(sets)
  first, *rest = _counts(sets), *(f'- {line}' for line in sheet.above)
  table = terminal.markdown(Sheet([], sheet.table, []))
  links = [_described(own, into) for own in sets]
  notes = [
    'A verdict is that of its data set’s own tests, each at 5 %; nothing is '
    'corrected over data sets. A claim holds on a data set if it is shown for '
    'some row (a scheme, a task under a scheme, a balancer), and does not if '
    'it is shown not to for every row.',
    'In numbers: the clearest of the rows with that verdict, with its 95 % '
    'interval; the pages have all of them, and what would have been shown.',
  ]
  parts = [
    f'# Claims of multi-task learning on {len(sets)} data sets\n',
    f'{first}\n',
    '\n'.join(rest) + '\n',
    table,
    f'![All rows behind the verdicts]({FIGURE})\n',
    '\n'.join(f'- {line}' for line in [*links, *notes]) + '\n',
  ]
  return '\n'.join(parts)


def _counts(sets: Sequence[Answered]) -> str:
  verdicts = [one.verdict for s in sets for one in s.answers.values()]
  counts = ', '.join(
    f'{verdict} {verdicts.count(verdict)}' for verdict in WORDS
  )
  return f'Of {len(verdicts)} answers on {len(sets)} data sets: {counts}.'


def _described(own: Answered, into: pathlib.Path) -> str:
  where = os.path.relpath(own.folder / 'claims.md', into)
  return (
    f'[{own.name}]({pathlib.PurePath(where).as_posix()}): encoder '
    f'{own.held["encoder"]}, {own.held["seeds"]} seeds, '
    f'`{own.held["command"]}`.'
  )
