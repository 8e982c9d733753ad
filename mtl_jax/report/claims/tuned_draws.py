"""Claim (g): does sharing take more tuning?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from mtl_jax.report import stats
from mtl_jax.report.claims import one_family, wording
from mtl_jax.report.claims.claimed import (
  FAILS,
  HOLDS,
  UNDECIDED,
  Answer,
  Finding,
  overall,
)
from mtl_jax.report.claims.draws_needed import WITHIN, Spread, spread
from mtl_jax.report.compare.counts import valid_over_train
from mtl_jax.report.layout import Table
from mtl_jax.report.results import Cell
from mtl_jax.report.tuning import expected, figures
from mtl_jax.report.tuning.merging import Tuned

CLAIM = 'tuning'
MORE = 1.25  # times the draws of single: within that factor they are as many
RATIO = 'draws to its own best, of single'
# Descriptive quantities of `Spread`: what they are called, and their unit.
SPREADS = {
  'needed': ('draws to its own best', 'draws'),
  'apart': ('draws, each network alone', 'draws'),
  'behind': ('median draw behind best, validation', '%'),
  'gained': ('best draw above median, Δm on test', '% points'),
}
HEADER = [
  *('scheme', 'draws to own best', 'of single', 'would be shown', 'verdict'),
  *('draws, networks alone', 'median behind best, validation, %'),
  'best above median, Δm, % points',
]


def answer(tuned: Sequence[Tuned]) -> Answer:
  """Answers from how many draws each row needs to come near its own best.

  Args:
    tuned: the rows, `single` among them.
  """
  base = next(row for row in tuned if row.cell.is_baseline)
  spreads = {row.cell.label: spread(row, base.untuned) for row in tuned}
  main = _findings(spreads, base.cell)
  verdict, draws = overall(main), len(base.draws)
  described = _described(spreads, base.cell)
  return Answer(
    CLAIM,
    verdict,
    _sentence(verdict, main, described[0], draws),
    (*main, *described),
    _table(main, described),
    lambda path: figures.draw(expected.curves(tuned), path),
    _notes(base.cell, draws, len(main)),
  )


def _findings(spreads: Mapping[str, Spread], base: Cell) -> list[Finding]:
  """Ratios of draws to those of `single`, the highest first."""
  alone = spreads[base.label].needed
  ratios = {
    row: _known(np.log(own.needed / alone))
    for row, own in spreads.items()
    if row != base.label
  }
  tested = one_family.judge(ratios, valid_over_train(base), math.log(MORE))
  found = []
  for row, one in tested.items():
    ends = (math.exp(x) for x in (one.mean, one.low, one.high))
    # Where all seeds have one count there is no spread, and no power is known.
    size = -math.expm1(-one.detectable) if one.detectable > 0 else math.nan
    verdict = one_family.verdict(one, 1)
    found.append(Finding(row, RATIO, 'ratio', *ends, size, verdict, one.seeds))
  return sorted(found, key=lambda finding: -finding.estimate)


def _described(spreads: Mapping[str, Spread], base: Cell) -> list[Finding]:
  found = []
  for row, own in spreads.items():
    for name, (what, unit) in SPREADS.items():
      values = _known(getattr(own, name))
      ratio = (
        base.test_over_train if name == 'gained' else valid_over_train(base)
      )
      test = stats.interval(values, ratio)
      ends = test.mean, test.low, test.high
      found.append(Finding(row, what, unit, *ends, seeds=values.size))
  return found


def _known(values: np.ndarray) -> np.ndarray:
  return values[np.isfinite(values)]


def _sentence(verdict: str, main, alone: Finding, draws: int) -> str:
  words = {HOLDS: 'more', FAILS: 'fewer, or as many', UNDECIDED: UNDECIDED}
  listed = wording.judged(main, words, {HOLDS, FAILS})
  return (
    f'{verdict.capitalize()}: draws until one is within {100 * WITHIN:g} % of '
    f'the best of {draws}, as a ratio to single, which needs '
    f'{wording.with_ends(alone, unit=False).replace("+", "")}; '
    f'{listed}.'
  )


def _times(size: float) -> str:
  """The ratio above 1 that is as far from it as 1 - size, on logarithms."""
  return wording.number(1 / (1 - size) if size < 1 else math.nan, 'ratio')


def _table(main: list[Finding], described: list[Finding]) -> Table:
  by_row: dict[str, list[str]] = {}
  for one in described:
    # Numbers of draws are no changes: they take no sign.
    text = wording.with_ends(one, unit=False)
    plain = one.unit == 'draws'
    by_row.setdefault(one.row, []).append(
      text.replace('+', '') if plain else text
    )
  tested = {
    one.row: [wording.with_ends(one), _times(one.detectable), one.verdict]
    for one in main
  }
  rows = [*(row for row in by_row if row not in tested), *tested]
  return Table(
    HEADER,
    [
      [row, needed, *tested.get(row, ['1', '–', '–']), *rest]
      for row in rows
      for needed, *rest in [by_row[row]]
    ],
  )


def _notes(base: Cell, draws: int, count: int) -> tuple[str, ...]:
  return (
    f'Every row has {draws} draws around the configuration, its own among '
    f'them ({base.repeats}). Draws to its own best: how many it takes on '
    'average, in random order, until one has a validation score within '
    f'{100 * WITHIN:g} % of the lowest of all; at most {(draws + 1) / 2:g}. '
    'The score is the mean over tasks in every row. Networks that are apart, '
    'as in single, may each be tuned alone: their column has the mean over '
    'them of the draws to a best of their own.',
    'The verdict is on the ratio to single, geometric mean over seeds; '
    'intervals of 95 % in brackets. The claim holds if a scheme needs more; '
    'it does not if each needs fewer, or as many to within a factor of '
    f'{MORE:g}. Test: {stats.named(base.test_over_train)}, of '
    f'validation over training units, Holm over {count} schemes. The last '
    'three columns are described, not tested.',
    'The figure: Δm on test, over single at the configuration’s own setting, '
    'expected of the best of n draws by validation, with 95 % bands.',
  )
