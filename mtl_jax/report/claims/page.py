"""The page of claims: claims.md, claims.csv, claims.json and figures."""

from __future__ import annotations

import math
import pathlib
from collections.abc import Sequence
from typing import Any

import pandas as pd

from mtl_jax.records import atomic, digests
from mtl_jax.report import terminal
from mtl_jax.report.claims import summary, trained
from mtl_jax.report.claims.claimed import CLAIMS, Answer, Finding
from mtl_jax.report.compare.tables import write_csv
from mtl_jax.report.terminal import Sheet

# What --join reads.
FILE = 'claims.json'
READING = (
  'In figures lines and bands are 95 % intervals, as the numbers in brackets. '
  'A filled mark is shown, an empty one undecided or only described; where '
  'rows have no colours of their own, green supports the claim and orange '
  'speaks against it. An arrow or triangle: the number may lie further out.',
  'Intervals are of single rows, whereas verdicts are corrected for the number '
  'of rows: an interval without zero (a ratio without 1) may be undecided.',
  'would be shown: the smallest true effect that would have been shown with '
  '80 % power, the median over rows.',
)
COLUMNS = (
  *('dataset', 'claim', 'claim_verdict', 'row', 'what', 'unit', 'estimate'),
  *('ci_low', 'ci_high', 'detectable', 'verdict', 'seeds', 'beyond'),
)


def write(
  answers: Sequence[Answer], folder: pathlib.Path, config: Any, command: str
) -> None:
  """Writes claims.md, claims.csv, claims.json and figures/claim_NAME.png.

  Args:
    answers: found so far, in the order of `CLAIMS`. The figure of the last one
      is drawn; those of the others were when they were the last.
    folder: the workdir, with the records of what was trained.
    config: of the data set.
    command: as it was typed.
  """
  folder = pathlib.Path(folder)
  for answer in answers[-1:]:
    if answer.draw:
      answer.draw(folder / picture(answer.claim))
  lines = trained.lines(folder, config)
  atomic.write(
    folder / 'claims.md', markdown(answers, lines, config.dataset, command)
  )
  write_csv(frame(answers, config.dataset), folder / 'claims.csv')
  held = described(answers, config, command) | {
    'split': trained.split(folder),
    'budget': lines,
  }
  digests.write(folder / FILE, held, indent=1)


def show(answers: Sequence[Answer], folder: pathlib.Path) -> None:
  """Prints the answers and the names of the files.

  Args:
    answers: in the order of `CLAIMS`.
    folder: the workdir.
  """
  notes = [f'{title(one.claim)}: {one.sentence}' for one in answers]
  print()
  terminal.show(
    Sheet([summary.sentence(answers)], summary.short(answers), notes)
  )
  print(
    f'\nwritten: {folder}/claims.md .csv .json, {folder}/figures/claim_*.png'
  )


def picture(claim: str) -> str:
  """Returns the path of a claim's figure inside the workdir."""
  return f'figures/claim_{claim}.png'


def title(claim: str) -> str:
  """Returns the name of a claim as it is written: `training time`."""
  return claim.replace('_', ' ')


def markdown(
  answers: Sequence[Answer], lines: Sequence[str], dataset: str, command: str
) -> str:
  """Formats the page.

  Args:
    answers: in the order of `CLAIMS`.
    lines: on data and budget.
    dataset: its name.
    command: as it was typed.
  """
  first = terminal.markdown(
    Sheet(
      [], summary.table(answers), [*lines, f'Command: `{command}`.', *READING]
    )
  )
  parts = [
    f'# Claims of multi-task learning: {dataset}\n',
    f'{summary.sentence(answers)}\n',
    first,
    *map(_section, answers),
  ]
  return '\n'.join(parts)


def _section(answer: Answer) -> str:
  figure = f'![{title(answer.claim)}]({picture(answer.claim)})\n'
  parts = [
    f'## {title(answer.claim).capitalize()}\n',
    f'*{CLAIMS[answer.claim]}?* {answer.sentence}\n',
    terminal.markdown(Sheet([], answer.table, [])),
    *([figure] if answer.draw else []),
    ''.join(f'- {note}\n' for note in answer.notes),
  ]
  return '\n'.join(parts)


def frame(answers: Sequence[Answer], dataset: str) -> pd.DataFrame:
  """Returns all findings as numbers, long.

  Args:
    answers: in the order of `CLAIMS`.
    dataset: its name.

  Returns:
    `COLUMNS`, a row per finding.
  """
  rows = [
    (dataset, answer.claim, answer.verdict, *finding)
    for answer in answers
    for finding in answer.findings
  ]
  return pd.DataFrame(rows, columns=COLUMNS)


def described(answers: Sequence[Answer], config: Any, command: str) -> dict:
  """Returns what claims.json holds of the answers; None is unknown.

  Args:
    answers: in the order of `CLAIMS`.
    config: of the data set.
    command: as it was typed.
  """
  return {
    'dataset': config.dataset,
    'encoder': config.encoder,
    'command': command,
    'seeds': config.seeds,
    'answers': [
      {
        'claim': one.claim,
        'verdict': one.verdict,
        'sentence': one.sentence,
        'findings': [_plain(finding) for finding in one.findings],
        'power': one.power,
      }
      for one in answers
    ],
  }


def _plain(finding: Finding) -> dict[str, Any]:
  # NaN and infinity are no JSON.
  return {
    k: None if isinstance(v, float) and not math.isfinite(v) else v
    for k, v in finding._asdict().items()
  }
