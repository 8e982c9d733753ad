"""The answer to one claim on one data set, and what it was found from."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # Names of claims are checked without pandas.
  import pathlib

  from mtl_jax.report.layout import Table

# Does what was measured support the claim?
HOLDS, FAILS, UNDECIDED = 'holds', 'does not hold', 'undecided'


class Finding(NamedTuple):
  """One quantity of one row, such as a scheme or a task.

  Attributes:
    row: name of the scheme, balancer or task.
    what: was measured, such as 'Δm' or 'FLOPs to single'.
    unit: of the numbers: '%', 'ratio', 'steps'; '' for none.
    estimate: over the seeds.
    low: end of its 95 % interval; NaN where it is unknown.
    high: likewise; of a lower bound it is unknown.
    detectable: the smallest true difference to no effect that would have been
      shown with 80 % power, in `unit`; NaN where it is unknown.
    verdict: whether this row supports the claim, one of the three above; '' for
      a quantity that only describes.
    seeds: number of seeds that it rests on.
    beyond: signs of the numbers that may lie further out than what could be
      measured: of the estimate, the low and the high end, '<', '>' or '=' each,
      such as '=<='; '' for none.
  """

  row: str
  what: str
  unit: str
  estimate: float
  low: float = math.nan
  high: float = math.nan
  detectable: float = math.nan
  verdict: str = ''
  seeds: int = 0
  beyond: str = ''

  @property
  def bound(self) -> bool:
    """Whether the estimate is a lower bound."""
    return self.beyond.startswith('>')


class Answer(NamedTuple):
  """What was found about one claim on one data set.

  Attributes:
    claim: its name, one of `CLAIMS`.
    verdict: one of the three above.
    sentence: the answer, with numbers, intervals and, where it is undecided,
      what would have been shown.
    findings: as numbers, for claims.csv.
    table: as people read it.
    draw: writes the figure to a path (PNG), or None.
    notes: below the table: what was measured how, and its limits.
    power: what would have been shown, where the findings do not say it.
  """

  claim: str
  verdict: str
  sentence: str
  findings: tuple[Finding, ...]
  table: Table
  draw: Callable[[pathlib.Path], None] | None = None
  notes: tuple[str, ...] = ()
  power: str = ''


# The claims in the order of a page, with the words of the tutorial.
CLAIMS = {
  'performance': 'Tasks that share parameters are predicted better',
  'training_time': 'One shared model takes less training',
  'generalisation': 'Sharing generalises better: it regularises',
  'data_efficiency': 'Sharing needs fewer labels',
  'interference': 'Tasks interfere with each other',
  'balance': 'The losses of the tasks have to be balanced',
  'tuning': 'Sharing takes more tuning',
}


def overall(findings: Sequence[Finding]) -> str:
  """Returns the verdict on a claim from those of its rows.

  A claim holds if it is shown to hold for some row, at levels that the rows
  share (the caller corrects for their number), and does not hold if it is shown
  not to hold for every row.

  Args:
    findings: those without a verdict only describe.
  """
  verdicts = [one.verdict for one in findings if one.verdict]
  if HOLDS in verdicts:
    return HOLDS
  if verdicts and all(verdict == FAILS for verdict in verdicts):
    return FAILS
  return UNDECIDED
