"""What stands first: which claims hold, as a sentence and a table."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mtl_jax.report.claims import wording
from mtl_jax.report.claims.claimed import (
  CLAIMS,
  FAILS,
  HOLDS,
  UNDECIDED,
  Answer,
  Finding,
)
from mtl_jax.report.layout import Table

HEADER = ['claim', 'verdict', 'in numbers', 'would be shown']
SHORT = ['claim', 'verdict', 'would be shown']  # fits a terminal
WORDS = {
  HOLDS: 'shown to hold here',
  FAILS: 'shown not to hold',
  UNDECIDED: 'undecided',
}


def sentence(answers: Sequence[Answer]) -> str:
  """Returns which claims hold, which do not and which are undecided.

  Args:
    answers: in the order of `CLAIMS`.
  """
  parts = []
  for verdict, words in WORDS.items():
    own = [one for one in answers if one.verdict == verdict]
    if own:
      names = ', '.join(_named(one, verdict) for one in own)
      parts.append(f'{words}: {names}')
  return (
    f'Of {len(answers)} claim{"s" * (len(answers) != 1)}, {"; ".join(parts)}.'
  )


def table(answers: Sequence[Answer]) -> Table:
  """Returns a row per claim.

  Args:
    answers: in the order of `CLAIMS`.
  """
  body = [
    [
      CLAIMS[one.claim],
      one.verdict,
      in_numbers(one),
      power(one) or '–',
    ]
    for one in answers
  ]
  return Table(HEADER, body)


def short(answers: Sequence[Answer]) -> Table:
  """Returns a row per claim without its numbers, for a terminal.

  Args:
    answers: in the order of `CLAIMS`.
  """
  whole = table(answers)
  return Table(SHORT, [[row[0], row[1], row[-1]] for row in whole.body])


def power(answer: Answer) -> str:
  """Says what would have been shown with 80 % power; '' is unknown."""
  return answer.power or wording.would_show(judged(answer))


def judged(answer: Answer) -> list[Finding]:
  """Returns the findings that a verdict rests on: of its first quantity."""
  known = [one for one in answer.findings if one.verdict]
  return [one for one in known if one.what == known[0].what]


def in_numbers(answer: Answer) -> str:
  """Returns the clearest finding behind a verdict: `hard: Δm +1.9 % [...]`.

  Args:
    answer: the clearest has the largest distance to no effect, in units of its
      interval, among those of the same verdict.
  """
  found = judged(answer)
  own = [one for one in found if one.verdict == answer.verdict] or found
  own = [one for one in own if math.isfinite(one.estimate)]
  if not own:
    return '–'
  best = max(own, key=_clear)
  word = 'clearest' if _clear(best) else 'one'  # Bounds have no interval.
  of = f', {word} of {len(found)}' if len(found) > 1 else ''
  return f'{best.row}: {best.what} {wording.with_ends(best)}{of}'


def _named(answer: Answer, verdict: str) -> str:
  name = answer.claim.replace('_', ' ')
  shown = power(answer)
  if verdict != UNDECIDED or not shown:
    return name
  return f'{name} ({shown} would have been shown)'


def _clear(finding: Finding) -> float:
  ends = finding.estimate, finding.low, finding.high
  if finding.unit == 'ratio':  # .5 is as far from 1 as 2 is
    ends = [math.log(end) if end > 0 else math.nan for end in ends]
  half = (ends[2] - ends[1]) / 2
  # Without an interval nothing is clear.
  return abs(ends[0]) / half if half > 0 else 0.0
