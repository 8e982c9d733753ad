"""Claim (d): does sharing need fewer labels?"""

from __future__ import annotations

import math
from collections.abc import Sequence

from mtl_jax.report import many, stats
from mtl_jax.report.claims.claimed import (
  FAILS,
  HOLDS,
  UNDECIDED,
  Answer,
  Finding,
  overall,
)
from mtl_jax.report.claims.labels import (
  label_details,
  label_figure,
  label_notes,
  label_rows,
)
from mtl_jax.report.claims.labels.label_curves import Setting
from mtl_jax.report.claims.labels.label_factor import Factor
from mtl_jax.report.claims.labels.label_rows import Row
from mtl_jax.report.claims.wording import BEYOND, number
from mtl_jax.report.layout import MARKS, Table, with_interval

CLAIM = 'data_efficiency'
MOST = 4  # rows that a sentence names
_MARKS = {HOLDS: MARKS[stats.BETTER], FAILS: MARKS[stats.WORSE]}


def answer(settings: Sequence[Setting]) -> Answer:
  """Answers from the factor of labels of every scheme in every setting.

  Args:
    settings: which tasks are scarce, with the same shares.
  """
  rows = label_rows.make(settings) if len(settings[0].shares) > 1 else []
  if not rows:
    return nothing(next((s.reason for s in settings if s.reason), ''))
  factors = [factor_of(row) for row in rows]
  verdict = overall(factors)
  return Answer(
    CLAIM,
    verdict,
    f'{verdict.capitalize()}: {_sentence(rows)}.',
    (*factors, *label_details.findings(rows)),
    _table(rows),
    lambda path: label_figure.draw(settings, rows, path),
    label_notes.notes(settings, rows),
    _power(rows),
  )


def nothing(reason: str = '') -> Answer:
  """Returns the answer where no curve was measured.

  Args:
    reason: why not; '' says that there was no share below 1.
  """
  why = reason or (
    'no share of the labels below 1 was asked for; name some, as in '
    '--shares=0.1,0.5,1'
  )
  text = f'{UNDECIDED.capitalize()}: {why}.'
  return Answer(CLAIM, UNDECIDED, text, (), Table(['scheme'], []))


def factor_of(row: Row) -> Finding:
  """The factor of labels of a row, as a finding."""
  factor = row.factor
  return Finding(
    f'{row.scheme}, {row.setting.name}',
    'factor of labels',
    'ratio',
    factor.estimate,
    factor.low,
    factor.high,
    # Down to 1 / F, as far from 1 in logarithms.
    1 - 1 / row.detectable if math.isfinite(row.detectable) else math.nan,
    row.verdict,
    factor.seeds,
    ''.join(_sign(factor, end) for end in factor[:3]),
  )


def _sign(factor: Factor, value: float) -> str:
  """Whether a number is an end of the curve, and may lie beyond."""
  least, most = factor.bounds
  if value >= most * (1 - 1e-9):
    return '>'
  return '<' if value <= least * (1 + 1e-9) else '='


def factor_text(factor: Factor) -> str:
  """Formats a factor and its interval, with what lies beyond the curve."""
  estimate, low, high = (_shown(factor, end) for end in factor[:3])
  return (
    f'{estimate} [{low}, {high}]' if math.isfinite(factor.low) else estimate
  )


def _shown(factor: Factor, value: float) -> str:
  sign = _sign(factor, value)
  # Ends of the curve are round numbers.
  text = number(value, 'ratio') if sign == '=' else f'{value:.3g}'
  return BEYOND[sign] + text


def percent(share: float) -> str:
  """A share of the labels, such as `2 %`."""
  return f'{100 * share:.3g} %'


def _sentence(rows: list[Row]) -> str:
  parts = []
  for kind, words in (
    (HOLDS, 'sharing is worth this many times the labels: {}'),
    (
      FAILS,
      'worth fewer, or as many to within 10 %: {}',
    ),
  ):
    own = [row for row in rows if row.verdict == kind]
    own.sort(key=lambda row: -row.factor.estimate)
    if own:
      named = [
        f'{factor_text(r.factor)} with {r.scheme} ({r.setting.name})'
        for r in own
      ]
      parts.append(words.format(many.some(named, MOST)))
  return '; '.join([*parts, *_undecided(rows)])


def _undecided(rows: list[Row]) -> list[str]:
  own = [row for row in rows if row.verdict == UNDECIDED]
  if not own:
    return []
  factors = [row.factor for row in own]
  ends = [f(factors, key=lambda one: one.estimate) for f in (min, max)]
  span = ' to '.join(_shown(one, one.estimate) for one in ends)
  text = (
    f'{len(own)} of {len(rows)} pairs of a scheme and a setting are undecided, '
    f'with factors of {span}'
  )
  power = _power(own)
  if not power:
    return [text]
  return [f'{text} ({power} would have been shown with 80 % power, the median)']


def _power(rows: list[Row]) -> str:
  """The median factor that would have been shown, in words."""
  found = sorted(row.detectable for row in rows if row.detectable > 0)
  if not found:
    return ''
  middle = found[len(found) // 2]
  if math.isfinite(middle):
    return f'a factor of {number(middle, "ratio")}'
  return 'no factor within the curve'


def _table(rows: list[Row]) -> Table:
  shares = rows[0].setting.shares[:-1]
  header = [
    'scheme, few labels of',
    *(f'gain at {percent(share)}' for share in shares),
    'factor of labels',
    'would be shown',
    'never reached',
  ]
  return Table(header, [_line(row) for row in rows])


def _line(row: Row) -> list[str]:
  gains = [
    with_interval(one.mean, one.low, one.high, '+')
    + _MARKS.get(label_rows.verdict(one.mean, p_value), '')
    for one, p_value in zip(row.better, row.p_shares, strict=True)
  ]
  same = row.verdict == FAILS and not (row.p_value or 1) < stats.ALPHA
  mark = MARKS[stats.EQUIVALENT] if same else _MARKS.get(row.verdict, '')
  seen = row.factor.seeds * len(row.better)
  least = '–' if math.isnan(row.detectable) else number(row.detectable, 'ratio')
  return [
    f'{row.scheme}, {row.setting.name}',
    *gains,
    factor_text(row.factor) + mark,
    least if math.isfinite(row.detectable) else 'none',
    f'{row.beyond}/{seen}',
  ]
