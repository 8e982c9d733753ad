"""The claims on several data sets, side by side: a page, a table, a figure."""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd

from mtl_jax.errors import InputError
from mtl_jax.records import atomic
from mtl_jax.report import terminal
from mtl_jax.report.claims import joined_claims_figure, page, summary
from mtl_jax.report.claims.claimed import (
  CLAIMS,
  FAILS,
  HOLDS,
  UNDECIDED,
  Answer,
  Finding,
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


class Asked(NamedTuple):
  """What was answered on one data set.

  Attributes:
    name: of the data set, with the encoder's where two have the same.
    folder: its workdir.
    held: what claims.json holds.
    answers: by claim; without tables and figures.
  """

  name: str
  folder: pathlib.Path
  held: dict[str, Any]
  answers: dict[str, Answer]


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


def load(folders: Sequence[pathlib.Path]) -> list[Asked]:
  """Reads the claims of several workdirs.

  Args:
    folders: of `experiments.claims`.

  Raises:
    InputError: as in `write`.
  """
  read = [_read(pathlib.Path(folder)) for folder in folders]
  names = [_name(held) for held in read]
  datasets = [held['dataset'] for held in read]
  for i, name in enumerate(names):
    if name in names[:i]:
      raise InputError(
        f'{folders[names.index(name)]} and {folders[i]} are both of {name}, '
        'which counts once; name one of them'
      )
  return [
    Asked(
      name if datasets.count(held['dataset']) > 1 else held['dataset'],
      pathlib.Path(folder),
      held,
      {one['claim']: _answer(one) for one in held['answers']},
    )
    for name, folder, held in zip(names, folders, read, strict=True)
  ]


def _read(folder: pathlib.Path) -> dict[str, Any]:
  path = folder / page.FILE
  try:
    held = json.loads(path.read_text('utf-8'))
    _ = [one['findings'] for one in held['answers']], _name(held)
  except FileNotFoundError as error:
    raise InputError(
      f'no {path}; run experiments.claims on a data set first'
    ) from error
  except (KeyError, TypeError, ValueError) as error:
    raise InputError(
      f'{path} is not what experiments.claims writes; run it again ({error})'
    ) from error
  return held


def _name(held: dict[str, Any]) -> str:
  return f'{held["dataset"]} ({held["encoder"]})'


def _answer(held: dict[str, Any]) -> Answer:
  findings = tuple(
    Finding(**{k: float('nan') if v is None else v for k, v in one.items()})
    for one in held['findings']
  )
  empty = Table([], [])
  return Answer(
    held['claim'], held['verdict'], held['sentence'], findings, empty
  )


def _by_claim(sets: Sequence[Asked]) -> dict[str, dict[str, Answer]]:
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
      f'{name} ({summary.in_numbers(one)})' if verdict == HOLDS else name
      for name, one in answers.items()
      if one.verdict == verdict
    ]
    if own:
      parts.append(f'{words} {", ".join(own)}')
  return f'{CLAIMS[claim]}: {"; ".join(parts)}.'


def _sheet(sets: Sequence[Asked]) -> Sheet:
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


def markdown(sets: Sequence[Asked], into: pathlib.Path) -> str:
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


def _counts(sets: Sequence[Asked]) -> str:
  verdicts = [one.verdict for s in sets for one in s.answers.values()]
  counts = ', '.join(
    f'{verdicts.count(v)} {words}'
    for v, words in (
      (HOLDS, 'hold'),
      (FAILS, 'do not hold'),
      (UNDECIDED, 'are undecided'),
    )
  )
  return f'Of {len(verdicts)} answers on {len(sets)} data sets {counts}.'


def _described(own: Asked, into: pathlib.Path) -> str:
  where = os.path.relpath(own.folder / 'claims.md', into)
  return (
    f'[{own.name}]({pathlib.PurePath(where).as_posix()}): encoder '
    f'{own.held["encoder"]}, {own.held["seeds"]} seeds, '
    f'`{own.held["command"]}`.'
  )
