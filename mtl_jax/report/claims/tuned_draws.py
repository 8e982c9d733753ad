"""The claim on tuning: does sharing need more draws of hyperparameters?"""

import math
from collections.abc import Sequence

import numpy as np

from mtl_jax.report import many, stats
from mtl_jax.report.claims.claimed import (
  FAILS,
  HOLDS,
  Answer,
  Finding,
  overall,
)
from mtl_jax.report.claims.draws_needed import Spread, spread
from mtl_jax.report.claims.judged import Judged, judge
from mtl_jax.report.layout import Table, human, with_interval
from mtl_jax.report.tuning import expected, figures
from mtl_jax.report.tuning.merging import Tuned

MORE = 1.25  # times the draws of single: fewer are no more
WHAT = 'draws to its own best, to those of single'


def answer(tuned: Sequence[Tuned]) -> Answer:
  """Answers the claim.

  Args:
    tuned: the rows, `single` among them.
  """
  base = next(row for row in tuned if row.cell.is_baseline)
  spreads = {row.cell.label: spread(row, base.untuned) for row in tuned}
  alone = spreads[base.cell.label].needed
  ratios = {
    label: _known(np.log(own.needed / alone))
    for label, own in spreads.items()
    if label != base.cell.label
  }
  overlap = base.cell.test_over_train
  rows = judge(ratios, math.log(MORE), 1.0, overlap)
  findings = _findings(rows, spreads, overlap)
  verdict = overall(findings)
  return Answer(
    'tuning',
    verdict,
    _sentence(verdict, rows, spreads, len(base.draws)),
    findings,
    _table(rows, spreads, overlap),
    lambda path: figures.draw(expected.curves(tuned), path),
    _notes(base, len(rows)),
  )


def _known(values: np.ndarray) -> np.ndarray:
  return values[np.isfinite(values)]


def _findings(rows, spreads, overlap) -> tuple[Finding, ...]:
  first = sorted(rows, key=lambda label: -rows[label].mean)
  judged = [
    Finding(
      label, WHAT, 'ratio', *(math.exp(x) for x in rows[label][:3]),
      math.exp(rows[label].detectable), rows[label].verdict, rows[label].seeds,
    )
    for label in first
  ]  # fmt: skip
  units = {'needed': 'draws', 'behind': '%', 'gained': '% points of Δm'}
  names = {
    'needed': 'draws to its own best',
    'behind': 'median draw behind the best, validation',
    'gained': 'best draw above the median draw, test',
  }
  described = [
    Finding(label, names[key], units[key], *test[:3], seeds=len(values))
    for label, own in spreads.items()
    for key in Spread._fields
    for values in [_known(getattr(own, key))]
    for test in [stats.interval(values, overlap)]
    for test in [(test.mean, test.low, test.high)]
  ]
  return (*judged, *described)


def _sentence(verdict, rows, spreads, draws: int) -> str:
  top = max(rows, key=lambda label: rows[label].mean)
  shown = [r for r in rows if rows[r].verdict == HOLDS]
  alone = np.nanmean(spreads['single'].needed)
  begin = (
    f'Of {draws} draws, single needs {alone:.2g} to come within 1 % of its own '
    'best'
  )
  if verdict == HOLDS:
    listed = many.some([f'{r} {_ratio(rows[r])} times' for r in shown], 6)
    return f'{begin}; more are needed by {listed}.'
  if verdict == FAILS:
    return (
      f'{begin}; no scheme needs {MORE:g} times as many. The most has {top}, '
      f'{_ratio(rows[top])} times.'
    )
  could = np.nanmedian([own.detectable for own in rows.values()])
  return (
    f'{begin}; no scheme is shown to need more. The most has {top}, '
    f'{_ratio(rows[top])} times, and {math.exp(could):.2g} times would be '
    'shown with 80 % power.'
  )


def _ratio(own: Judged) -> str:
  mean, low, high = (math.exp(x) for x in own[:3])
  return f'{mean:.2f} [{low:.2f}, {high:.2f}]'


def _table(rows, spreads, overlap) -> Table:
  header = [
    *('scheme', 'draws to its own best', 'to those of single', 'p (Holm)'),
    *('claim', 'shown with 80 % power', 'median behind best, validation %'),
    'best above median, Δm % points',
  ]
  body = []
  order = ['single', *sorted(rows, key=lambda label: -rows[label].mean)]
  for label in order:
    count, behind, gained = (
      _interval(_known(values), overlap) for values in spreads[label]
    )
    own = rows.get(label)
    entries = _tested(own) if own else ['1', '–', '–', '–']
    body.append([label, count, *entries, behind, gained])
  return Table(header, body)


def _tested(own: Judged) -> list[str]:
  p_holm = '–' if own.p_holm is None else f'{own.p_holm:.3f}'
  return [_ratio(own), p_holm, own.verdict, human(math.exp(own.detectable))]


def _interval(values: np.ndarray, overlap: float | None) -> str:
  test = stats.interval(values, overlap)
  return with_interval(test.mean, test.low, test.high)


def _notes(base: Tuned, count: int) -> tuple[str, ...]:
  draws = len(base.draws)
  return (
    f'Every row: {draws} draws around the configuration, each trained with '
    'every seed. Draws to its own best: how many are needed on average, in '
    "random order, until one's validation score is within 1 % of the lowest; "
    f'at most {(draws + 1) / 2:g}, since the best is that of {draws}. Where '
    'networks are apart (single, penalties on towers), each has its own best, '
    'and the mean over networks is given.',
    'The claim is judged by the ratio to single, its geometric mean over '
    f'{base.cell.repeats} [95 % interval] '
    f'({stats.named(base.cell.test_over_train)}, on logarithms). Holds: above '
    f'1; does not hold: below {MORE:g}; each p < 0.05 after Holm over {count} '
    'schemes. The two columns of spread are described alone.',
    "The figure: expected Δm on test, over single at the configuration's own "
    'setting, of the best of n draws by validation, with 95 % bands.',
  )
