"""The claim on balance: is a balancer better than fixed weights that are tuned?

All rows have one sharing scheme and one number of draws. Fixed weights are the
row `static`, whose draws are weights of the tasks beside the learning rate and
weight decay that all rows draw.
"""

import functools
from collections.abc import Sequence

import numpy as np

from mtl_jax.report import stats
from mtl_jax.report.claims import dots
from mtl_jax.report.claims.claimed import (
  FAILS,
  HOLDS,
  Answer,
  Finding,
  overall,
)
from mtl_jax.report.claims.judged import Judged, judge
from mtl_jax.report.compare.deltas import deltas
from mtl_jax.report.layout import Table, two_digits, with_interval
from mtl_jax.report.results import Cell
from mtl_jax.report.selected import score
from mtl_jax.report.tuning.merging import Tuned

FIXED, EQUAL, BEST = 'static', 'equal', 'best on validation'
WHAT = 'Δm to tuned fixed weights'


def answer(tuned: Sequence[Tuned], margin: float = stats.MARGIN) -> Answer:
  """Answers the claim.

  Args:
    tuned: rows of `methods.of_balancers`, which a scheme's balancers name.
    margin: a gain below it is none, as a share of the fixed weights' metrics.
  """
  cells = {row.cell.scheme: row.cell for row in tuned}
  fixed = cells[FIXED]
  names = [n for n in cells if n not in ('single', FIXED, EQUAL)]
  gains = {name: _gains(cells[name], fixed) for name in (*names, EQUAL)}
  arrays = {name: np.array([*gains[name].values()]) for name in gains}
  judging = functools.partial(
    judge,
    margin=100 * margin,
    scale=stats.PERCENT,
    test_over_train=fixed.test_over_train,
  )
  rows = judging({name: arrays[name] for name in names})
  chosen = _chosen({name: cells[name] for name in names}, fixed)
  picked = [gains[chosen[s]][s] for s in chosen if s in gains[chosen[s]]]
  # These two are described alone: one is no balancer, and the other has the
  # draws of all of them.
  described = {
    **judging({EQUAL: arrays[EQUAL]}),
    **judging({BEST: np.array(picked)}),
  }
  findings = _findings(rows, described)
  verdict = overall(findings)
  return Answer(
    'balance',
    verdict,
    _sentence(verdict, rows, described[BEST], tuned, margin),
    findings,
    _table(rows, described, chosen),
    functools.partial(_draw, rows, described, 100 * margin),
    _notes(tuned, len(names), margin),
  )


def _gains(cell: Cell, fixed: Cell) -> dict[int, float]:
  """Delta_m over fixed weights by seed; empty where it is refused."""
  seeds, delta = deltas(cell, fixed)
  known = [] if delta.per_seed is None else delta.per_seed
  return dict(zip(seeds if len(known) else [], map(float, known), strict=True))


def _chosen(cells: dict[str, Cell], fixed: Cell) -> dict[int, str]:
  """The balancer that validation chooses, by seed, as `selected.select`."""
  seeds = [run.seed for run in fixed.setting]
  scores = np.array([[score(r) for r in c.setting] for c in cells.values()])
  if fixed.header['split'] != 'resplit':
    scores = np.broadcast_to(scores.mean(1, keepdims=True), scores.shape)
  names = [*cells]
  return {s: names[i] for s, i in zip(seeds, scores.argmin(0), strict=True)}


def _findings(rows, described) -> tuple[Finding, ...]:
  first = sorted(rows, key=lambda name: -rows[name].mean)
  return tuple(
    Finding(
      name, WHAT, '%', own.mean, own.low, own.high, own.detectable,
      own.verdict if name in rows else '', own.seeds,
    )
    for name, own in [*((n, rows[n]) for n in first), *described.items()]
  )  # fmt: skip


def _sentence(verdict, rows, best: Judged, tuned, margin: float) -> str:
  draws = f'the same {len(tuned[0].draws)} draws'
  top = max(rows, key=lambda name: rows[name].mean)
  shown = [n for n in rows if rows[n].verdict == HOLDS]
  if verdict == HOLDS:
    listed = ', '.join(f'{n} ({_number(rows[n])} %)' for n in shown)
    text = f'Better in Δm than fixed weights with {draws}: {listed}'
  elif verdict == FAILS:
    text = (
      f'None of {len(rows)} balancers is better in Δm than fixed weights with '
      f'{draws} by {100 * margin:g} % or more; the highest is {top}, '
      f'{_number(rows[top])} %'
    )
  else:
    could = np.nanmedian([own.detectable for own in rows.values()])
    text = (
      f'None of {len(rows)} balancers is shown to be better in Δm than fixed '
      f'weights with {draws}; the highest is {top}, {_number(rows[top])} %, '
      f'and {two_digits(could)} % would be shown with 80 % power'
    )
  return (
    f'{text}. The one that validation chooses is at {_number(best)} %, with '
    f'{len(rows)} times the draws.'
  )


def _table(rows, described, chosen: dict[int, str]) -> Table:
  header = [
    *('row', f'{WHAT} %', 'p (Holm)', 'claim', 'shown with 80 % power, %'),
    'chosen by validation',
  ]
  picks = [*chosen.values()]
  body = []
  for name in sorted(rows, key=lambda name: -rows[name].mean):
    own = rows[name]
    p_holm = '–' if own.p_holm is None else f'{own.p_holm:.3f}'
    times = f'{picks.count(name)} of {len(picks)}'
    body.append(
      [name, _number(own), p_holm, own.verdict, two_digits(own.detectable)]
      + [times]
    )
  others = [[n, _number(own), *'––––'] for n, own in described.items()]
  return Table(header, [*body, *others])


def _number(own: Judged) -> str:
  return with_interval(own.mean, own.low, own.high, '+')


def _draw(rows, described, margin: float, path) -> None:
  names = [*sorted(rows, key=lambda name: -rows[name].mean), *described]
  points = {n: tuple((rows | described)[n][:3]) for n in names}
  filled = frozenset(n for n in rows if rows[n].verdict == HOLDS)
  label = 'Δm % to tuned fixed weights (better →)'
  series = dots.Series('', points, filled)
  dots.draw(names, [dots.Panel(label, [series], margin=margin)], path)


def _notes(tuned: Sequence[Tuned], count: int, margin: float) -> tuple:
  fixed = next(row.cell for row in tuned if row.cell.scheme == FIXED)
  return (
    f'Every row: {len(tuned[0].draws)} draws, each trained with every seed; '
    f'chosen by validation ({fixed.repeats}). Fixed weights draw the weights '
    'of the tasks from a flat Dirichlet distribution beside what all rows '
    'draw. Equal weights are described, and not counted as a balancer.',
    f'Δm: mean over tasks of the relative gain over {FIXED} in the headline '
    f'metric, + is better; ± is half the 95 % interval '
    f'({stats.named(fixed.test_over_train)}). Holds: above 0; does not hold: '
    f'below {100 * margin:g} %; each p < 0.05 after Holm over {count} '
    'balancers.',
    f'The row "{BEST}" takes in each split the balancer with the lowest '
    'validation score: the best on test would be partly luck. It is the best '
    f'of {count} times as many draws, and has no verdict.',
  )
