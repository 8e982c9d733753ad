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
      wording.would_show(judged(one)) or '–',
    ]
    for one in answers
  ]
  return Table(HEADER, body)


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
  of = f', clearest of {len(found)}' if len(found) > 1 else ''
  return f'{best.row}: {best.what} {wording.with_ends(best)}{of}'


def _named(answer: Answer, verdict: str) -> str:
  name = answer.claim.replace('_', ' ')
  shown = wording.would_show(judged(answer))
  if verdict != UNDECIDED or not shown:
    return name
  return f'{name} ({shown} would have been shown)'


def _clear(finding: Finding) -> float:
  effect = abs(finding.estimate - (1 if finding.unit == 'ratio' else 0))
  half = (finding.high - finding.low) / 2
  # Without an interval nothing is clear.
  return effect / half if half > 0 else 0.0
