"""The paper's claims on cross-stitch networks, tested on paired seeds.

The gain of a row is, for each seed, the mean over both tasks of what it is
better than `single`, in % of the mean of `single`. A part of a claim is a
difference of gains between two rows.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from benchmarks.cross_stitch import paper, variants
from mtl_jax.report import power, stats
from mtl_jax.report.claims.claimed import FAILS, HOLDS
from mtl_jax.report.claims.claimed import UNDECIDED as OPEN

# Tasks: metric and whether more of it is better.
HIGHER = {'item': True, 'hidden': False}


class Part(NamedTuple):
  """A number that a claim implies.

  Attributes:
    what: describes it.
    published: the same number of the paper; None if there is none.
    value: ours.
    low: lower end of its 95 % interval.
    high: upper end.
    smallest: true difference that would have been shown with 80 % power.
    verdict: `HOLDS`, `FAILS` or `OPEN`.
  """

  what: str
  published: float | None
  value: float
  low: float
  high: float
  smallest: float
  verdict: str


class Claim(NamedTuple):
  """A published claim, with the table of the paper that it is from."""

  table: str
  text: str
  parts: list[Part]

  @property
  def verdict(self) -> str:
    """Holds if all parts do, and does not if one part does not."""
    verdicts = {part.verdict for part in self.parts}
    if FAILS in verdicts:
      return FAILS
    return HOLDS if verdicts == {HOLDS} else OPEN


# Claims on differences of gains: the paper's table, text, pairs of rows of
# which the first is claimed to be better.
OURS = 'cross_stitch'
COMPARED = (
  (
    'T1',
    'A tower begins best with .9 of its own features.',
    [(OURS, f'own {own:g}') for own in reversed(variants.OWN)],
  ),
  (
    'T1',
    'It begins worst with .1 of them.',
    [(row, 'own 0.1') for row in ('own 0.5', 'own 0.7', OURS)],
  ),
  (
    'T2',
    'Units learn better at 100 to 1000 times the learning rate.',
    [(variants.multiplied(m), variants.multiplied(1)) for m in (100, 1000)],
  ),
  (
    'T3',
    'Towers that were trained separately are a better start.',
    [(OURS, 'from scratch')],
  ),
  ('T5', 'Better than a network per task.', [(OURS, 'single')]),
  ('T5', 'Better than one network for both tasks.', [(OURS, 'hard')]),
  ('T5', 'Better than two networks per task.', [(OURS, variants.ENSEMBLE)]),
  ('T5', 'Better than the best split network.', [(OURS, variants.SPLIT)]),
)
DIVERGES = variants.multiplied(10_000)


def judged(frame: pd.DataFrame) -> list[Claim]:
  """Tests all claims.

  Args:
    frame: cross_stitch.csv.
  """
  gained = gains(frame)
  claims = [
    Claim(table, text, [_part(gained, table, *p, len(pairs)) for p in pairs])
    for table, text, pairs in COMPARED
  ]
  text = 'Training diverges at more than 1000 times the learning rate.'
  last = 1 + max(i for i, c in enumerate(claims) if c.table == 'T2')
  return [*claims[:last], Claim('T2', text, [_diverges(frame)]), *claims[last:]]


def gains(frame: pd.DataFrame, tasks=tuple(HIGHER)) -> pd.DataFrame:
  """Returns the gain of each row over `single`, in %.

  Args:
    frame: cross_stitch.csv.
    tasks: over which the mean is taken.

  Returns:
    A line per seed and a column per row; NaN where a run was not tested.
  """
  parts = []
  for task in tasks:
    values = frame.pivot(index='seed', columns='row', values=task)
    single = values['single']
    change = values.sub(single, axis=0) / single.mean()
    parts.append(change if HIGHER[task] else -change)
  return 100 * sum(parts) / len(parts)


def decide(differences: np.ndarray, tests: int) -> tuple[stats.Paired, str]:
  """Tests whether paired differences are above 0.

  That all of several differences are above 0 needs no correction, since each
  must be shown. That one of them is below 0 does (Bonferroni).

  Args:
    differences: of gains in %, one per seed.
    tests: number of differences in the claim.

  Returns:
    The paired test, and the verdict.
  """
  found = stats.one_sample(differences, stats.PERCENT)
  if found.low > 0:
    return found, HOLDS
  p = found.p_value
  below = p is not None and found.mean < 0 and p * tests < stats.ALPHA
  return found, FAILS if below else OPEN


def _part(gained: pd.DataFrame, table: str, better, worse, tests) -> Part:
  known = [gained[row].notna().mean() > 0.5 for row in (better, worse)]
  differences = (gained[better] - gained[worse]).dropna().to_numpy()
  found, verdict = decide(differences, tests)
  # A row most of whose runs failed is worse than one that was trained.
  if known[0] != known[1]:
    verdict = HOLDS if known[0] else FAILS
  published = paper.gain(
    table, *(_published(table, r) for r in (better, worse))
  )
  what = f'{better} less {worse}'
  return Part(what, published, *found[:3], smallest(differences), verdict)


def _published(table: str, row: str) -> str:
  usual = f'lr x {variants.MULTIPLIER:g}'
  return usual if (table, row) == ('T2', OURS) else row


def smallest(differences: np.ndarray) -> float:
  """Returns the smallest true difference that is shown with 80 % power."""
  n = len(differences)
  if n < 2:
    return np.nan
  std = power.typical(float(differences.std(ddof=1)), n)
  return power.detectable(std, n, stats.share(n), stats.ALPHA)


def _diverges(frame: pd.DataFrame) -> Part:
  """Whether more than half of the runs diverge."""
  own = frame[frame.row == DIVERGES].diverged
  count, n = int(own.sum()), len(own)
  low, high = binomtest(count, n).proportion_ci()
  verdict = HOLDS if low > 0.5 else FAILS if high < 0.5 else OPEN
  what = f'{DIVERGES}: share of runs that diverge'
  return Part(what, None, count / n, low, high, np.nan, verdict)
