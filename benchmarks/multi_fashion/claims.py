"""Published patterns as claims, tested on our accuracies.

Which row lies below which can be compared where data, sizes and networks
differ; accuracies cannot.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from benchmarks import against
from benchmarks.against import Span
from benchmarks.multi_fashion import paper, rules
from benchmarks.multi_fashion.compared import followed
from benchmarks.multi_fashion.ours import Ours, differing

NEAR = 2.0  # points within which a row counts as near another
MARGIN = 1.0  # points that a row must be ahead by to count as beating another

Parts = Callable[['Claim', Ours], list[rules.Part]]


class Claim(NamedTuple):
  """A published pattern.

  Attributes:
    text: what the numbers show.
    source: key of `paper.SOURCES`.
    rule: how its parts are decided.
    rows: the rows that it compares.
    others: the rows they are compared with.
    parts: decides the parts.
  """

  text: str
  source: str
  rule: str
  rows: Sequence[str]
  others: Sequence[str]
  parts: Parts

  @property
  def published(self) -> str:
    """The published numbers of its rows."""
    source = paper.SOURCES[self.source]
    names = dict.fromkeys((*self.others, *self.rows))
    return '; '.join(f'{name} {source.rows[name].text}' for name in names)


class Judged(NamedTuple):
  """A claim with its parts and the verdict on it."""

  claim: Claim
  recipe: str
  parts: list[rules.Part]
  verdict: str


def judge(claim: Claim, trained: Mapping[str, Ours]) -> Judged:
  """Tests a claim.

  Args:
    claim: the claim.
    trained: our accuracies by recipe.
  """
  recipe = followed(paper.SOURCES[claim.source], trained)
  ours = trained[recipe]
  lost = {*claim.rows, *claim.others} - {*ours.by_row}
  # Of a row whose runs all failed, or that was not trained, nothing is known.
  parts = [] if lost else claim.parts(claim, ours)
  verdict = rules.together([part.verdict for part in parts])
  return Judged(claim, recipe, parts, verdict)


def _pairs(
  claim: Claim, ours: Ours, claimed: Span, less_row: bool
) -> list[rules.Part]:
  """A part for every row and every other row: the difference is in a range."""
  pairs = [(row, other) for row in claim.rows for other in claim.others]
  parts = []
  for row, other in pairs:
    a, b = (other, row) if less_row else (row, other)
    value = float(ours.less(a, b).mean())
    interval = differing(ours, a, b)
    text = f'{a} less {b}'
    parts.append(rules.part(text, value, interval, claimed, len(pairs)))
  return parts


def below(claim: Claim, ours: Ours) -> list[rules.Part]:
  """Each row lies below each of the others."""
  return _pairs(claim, ours, rules.ABOVE_0, less_row=True)


def above(claim: Claim, ours: Ours) -> list[rules.Part]:
  """Each row lies above each of the others."""
  return _pairs(claim, ours, rules.ABOVE_0, less_row=False)


def near(claim: Claim, ours: Ours) -> list[rules.Part]:
  """Each row lies near each of the others."""
  return _pairs(claim, ours, Span(-NEAR, NEAR), less_row=False)


def not_beaten(claim: Claim, ours: Ours) -> list[rules.Part]:
  """No row beats any of the others."""
  return _pairs(claim, ours, Span(-math.inf, MARGIN), less_row=False)


def below_mean(claim: Claim, ours: Ours) -> list[rules.Part]:
  """Each row lies below the mean of the others."""
  upper = sum(ours.mean(other) for other in claim.others) / len(claim.others)
  parts = []
  for row in claim.rows:
    values = (upper - ours.mean(row)).dropna().to_numpy()
    parts.append(
      rules.part(
        f'mean of {", ".join(claim.others)} less {row}',
        float(values.mean()),
        against.of_mean(values, ours.overlap),
        rules.ABOVE_0,
        len(claim.rows),
      )
    )
  return parts


def more_variable(claim: Claim, ours: Ours) -> list[rules.Part]:
  """Each row varies more from seed to seed than the others do."""
  others = [ours.mean(other).to_numpy() for other in claim.others]
  parts = []
  for row in claim.rows:
    ratio, interval = rules.of_ratio(ours.mean(row).to_numpy(), others)
    text = f'standard deviation of {row} / of {", ".join(claim.others)}'
    claimed = Span(1.0, math.inf)
    parts.append(rules.part(text, ratio, interval, claimed, len(claim.rows)))
  return parts
