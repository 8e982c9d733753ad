"""Claim (f): is a balancer better than fixed weights that are tuned?

All rows have one sharing scheme and one number of draws. Fixed weights are the
row `static`, whose draws are weights of the tasks beside the learning rate and
weight decay that all rows draw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mtl_jax.report import stats
from mtl_jax.report.claims import forest, one_family, wording
from mtl_jax.report.claims.claimed import (
  FAILS,
  HOLDS,
  UNDECIDED,
  Answer,
  Finding,
  overall,
)
from mtl_jax.report.compare.deltas import deltas
from mtl_jax.report.layout import Table
from mtl_jax.report.results import Cell
from mtl_jax.report.selected import score
from mtl_jax.report.tuning.merging import Tuned

CLAIM = 'balance'
FIXED, EQUAL, BEST = 'static', 'equal', 'chosen by validation'
WHAT = 'Δm to tuned fixed weights'


def answer(tuned: Sequence[Tuned], margin: float = stats.MARGIN) -> Answer:
  """Answers from Delta_m of every balancer over fixed weights.

  Args:
    tuned: rows of `methods.of_balancers`, with their names as schemes.
    margin: of equivalence, as a share of the fixed weights' metrics.
  """
  cells = {row.cell.scheme: row.cell for row in tuned}
  fixed = cells.pop(FIXED)
  own = {n: c for n, c in cells.items() if not c.is_baseline and n != EQUAL}
  gains = {
    n: _gains(c, fixed) for n, c in (own | {EQUAL: cells[EQUAL]}).items()
  }
  chosen = _chosen(own, fixed)
  picked = [gains[n][s] for s, n in chosen.items() if s in gains[n]]
  # Two rows only describe: equal weights are fixed, and the choice among all
  # balancers has the draws of all of them.
  main = _findings({n: [*gains[n].values()] for n in own}, fixed, margin, True)
  others = [
    *_findings({EQUAL: [*gains[EQUAL].values()]}, fixed, margin, False),
    *_findings({BEST: picked}, fixed, margin, False),
  ]
  main.sort(key=lambda finding: -finding.estimate)
  verdict, draws = overall(main), len(tuned[0].draws)
  panel = forest.Panel(WHAT, '% of fixed weights, + better', [*main, *others])
  return Answer(
    CLAIM,
    verdict,
    _sentence(verdict, main, others[-1], draws),
    (*main, *others),
    _table(main, others, [*chosen.values()]),
    lambda path: forest.draw([panel], path),
    _notes(fixed, draws, len(main), margin),
  )


def _gains(cell: Cell, fixed: Cell) -> dict[int, float]:
  """Delta_m over fixed weights by seed; empty where it is refused."""
  seeds, delta = deltas(cell, fixed)
  known = () if delta.per_seed is None else delta.per_seed
  return dict(zip(seeds, map(float, known), strict=False))


def _chosen(cells: Mapping[str, Cell], fixed: Cell) -> dict[int, str]:
  """The balancer that validation chooses, by seed, as `selected.select`."""
  scores = np.array([[score(r) for r in c.setting] for c in cells.values()])
  if fixed.header['split'] != 'resplit':
    scores = np.broadcast_to(scores.mean(1, keepdims=True), scores.shape)
  names, seeds = [*cells], [run.seed for run in fixed.setting]
  return {s: names[i] for s, i in zip(seeds, scores.argmin(0), strict=True)}


def _findings(values, fixed: Cell, margin: float, judged: bool) -> list:
  tested = one_family.judge(
    values, fixed.test_over_train, 100 * margin, stats.PERCENT
  )
  return [
    Finding(
      name,
      WHAT,
      '%',
      *(one.mean, one.low, one.high, one.detectable),
      one_family.verdict(one, 1) if judged else '',
      one.seeds,
    )
    for name, one in tested.items()
  ]


def _sentence(verdict: str, main, best: Finding, draws: int) -> str:
  words = {HOLDS: 'better', FAILS: 'worse, or equivalent', UNDECIDED: UNDECIDED}
  listed = wording.judged(main, words, {HOLDS})
  return (
    f'{verdict.capitalize()}: in Δm against fixed weights, with {draws} draws '
    f'each, {listed}. The highest mean is that of '
    f'{main[0].row}, {wording.with_ends(main[0])}; the balancer that '
    f'validation chooses in each split, with the draws of all {len(main)}, is '
    f'at {wording.with_ends(best)}.'
  )


def _table(main, others, chosen: list[str]) -> Table:
  header = ['balancer', f'{WHAT}, %', 'would be shown, %', 'chosen', 'verdict']
  body = []
  for one in [*main, *others]:
    size = wording.number(one.detectable, sign=False) if one.verdict else '–'
    times = f'{chosen.count(one.row)}/{len(chosen)}' if one.verdict else '–'
    entry = wording.with_ends(one, unit=False)
    body.append([one.row, entry, size, times, one.verdict or '–'])
  return Table(header, body)


def _notes(fixed: Cell, draws: int, count: int, margin: float) -> tuple:
  return (
    f'Every row has {draws} draws, among which validation chooses '
    f'({fixed.repeats}). Those of fixed weights are flat Dirichlet weights of '
    'the tasks, beside the learning rate and weight decay that all rows draw; '
    'those of a balancer its own numbers. The first of each is that of the '
    'configuration.',
    'Δm: mean over tasks of the change of the headline metric on the test '
    'split, in % of tuned fixed weights; + is better. Intervals of 95 % in '
    'brackets. The claim holds if a balancer is better; it does not if each is '
    f'worse or equivalent to within {100 * margin:.3g} %. '
    f'Test: {stats.named(fixed.test_over_train)}, Holm over {count} '
    'balancers.',
    'equal (no weights) and the last row are described, not tested. The best '
    'mean of many is partly luck; the last row takes in each split the '
    'balancer with the lowest validation score (column chosen), which is not, '
    f'but it has {count} times the draws.',
  )
