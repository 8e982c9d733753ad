"""Numbers, lists of rows and verdicts of claims, in words."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

from mtl_jax.report import many
from mtl_jax.report.claims.claimed import Finding
from mtl_jax.report.layout import two_digits

MOST = 6  # rows that are named
# Before a number that may lie further out than what could be measured.
BEYOND = {'<': '≤ ', '>': '≥ ', '=': ''}


def number(value: float, unit: str = '', sign: bool = True) -> str:
  """Formats a value in the unit of a finding: `+1.9 %`, `0.62`; – if unknown.

  Args:
    value: NaN is unknown.
    unit: as in `Finding`; a ratio has no sign.
    sign: whether a plus is written as well.
  """
  if not math.isfinite(value):
    return '–'
  if unit == 'ratio':
    return f'{value:.2f}' if 0.1 <= value < 100 else f'{value:.2g}'
  plus = '+' if sign else ''
  text = f'{value:{plus}.2g}' if abs(value) < 100 else f'{value:{plus}.0f}'
  return f'{text}{" " * bool(unit)}{unit}'


def with_ends(finding: Finding, unit: bool = True) -> str:
  """Formats an estimate and its interval: `+1.9 % [+0.7, +3.1]`.

  Args:
    finding: without an interval the estimate alone is written.
    unit: whether the unit is written; a header may have it.
  """
  shown = finding.unit if unit or finding.unit == 'ratio' else ''
  half = (finding.high - finding.low) / 2
  # Equal values have no interval that a reader could use.
  if not (math.isfinite(half) and half > 1e-9 * abs(finding.estimate)):
    sign = BEYOND[(finding.beyond or '=')[0]]
    return sign + number(finding.estimate, shown)
  ends = finding.estimate, finding.low, finding.high
  if finding.unit == 'ratio':
    signs = finding.beyond or '==='
    text, low, high = (
      BEYOND[sign] + number(end, 'ratio')
      for sign, end in zip(signs, ends, strict=True)
    )
  else:
    # Two significant digits of the half-width, as in tables.
    decimals = max(0, 1 - math.floor(math.log10(half)))
    text, low, high = (f'{end:+.{decimals}f}' for end in ends)
    text += f' {shown}'.rstrip()
  return f'{text} [{low}, {high}]'


def opening(text: str) -> str:
  """Returns a text with a capital letter first, the rest as it is."""
  return text[:1].upper() + text[1:]


def power(findings: Sequence[Finding]) -> str:
  """Returns what would have been shown, in brackets, for a sentence.

  Args:
    findings: of one quantity.
  """
  shown = would_show(findings)
  return f' ({shown} would have been shown with 80 % power)' if shown else ''


def would_show(findings: Sequence[Finding]) -> str:
  """Says what would have been shown with 80 % power: the median over rows.

  Args:
    findings: of one quantity.

  Returns:
    Such as `1.4 %` or `a ratio below 0.80 or above 1.25`, which are as far from
    1 on logarithms; '' where it is unknown.
  """
  known = sorted(
    one.detectable for one in findings if math.isfinite(one.detectable)
  )
  if not known:
    return ''
  middle, unit = known[len(known) // 2], findings[0].unit
  if unit == 'ratio':
    low = max(1 - middle, 1e-9)
    ends = [number(end, 'ratio') for end in (low, 1 / low)]
    return f'a ratio below {ends[0]} or above {ends[1]}'
  return f'{two_digits(middle)}{" " * bool(unit)}{unit}'


def judged(
  findings: Sequence[Finding],
  words: Mapping[str, str],
  numbers: Collection[str],
) -> str:
  """Lists the rows of every verdict, and what would have been shown.

  Args:
    findings: of one quantity, a row each.
    words: for each verdict, in order.
    numbers: verdicts whose rows have their estimates written behind them.
  """
  listed = (
    (word, rows_with(findings, kind, kind in numbers))
    for kind, word in words.items()
  )
  parts = [f'{word}: {rows}' for word, rows in listed if rows]
  power = would_show(findings)
  shown = f'; {power} would have been shown with 80 % power' if power else ''
  return f'{"; ".join(parts)}{shown}'


def rows_with(
  findings: Sequence[Finding], verdict: str, numbers: bool = False
) -> str:
  """Lists the rows with a verdict; '' if there are none.

  Args:
    findings: of one quantity, a row each.
    verdict: of those that are listed.
    numbers: whether estimates and intervals are written behind the names.
  """
  own = [one for one in findings if one.verdict == verdict]
  if not own:
    return ''
  if not numbers and len(own) == len(findings) > 1:
    return f'all {len(own)}'
  names = [f'{o.row} ({with_ends(o)})' if numbers else o.row for o in own]
  return many.some(names, MOST)
