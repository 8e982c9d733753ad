"""The tables on the page, and the lines of published_vs_ours.csv."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from benchmarks import markdown
from benchmarks.against import Span
from benchmarks.multi_fashion import claims as published_claims
from benchmarks.multi_fashion import compared, paper, presets
from benchmarks.multi_fashion.ours import Ours
from benchmarks.multi_fashion.runs import TASKS


def ours(frame: pd.DataFrame, own: Ours, rows: Sequence[str]) -> str:
  """Returns the table of our accuracies, the most accurate row first.

  Args:
    frame: lines of accuracies.csv of one recipe.
    own: the same, by row.
    rows: those that were to be trained.
  """
  head = ('row', 'left, %', 'right, %', 'mean, %', '95 % interval', 'seeds')
  head += ('Δm against single, %', '95 % interval', 'parameters', 'seconds')
  done = [row for row in rows if row in own.by_row]
  done.sort(key=lambda row: -own.mean(row).mean())
  lines = [_line(frame, own, row) for row in done]
  lacking = [row for row in rows if row not in own.by_row]
  lines += [[presets.ROWS[row].label, *['–'] * 9] for row in lacking]
  return markdown.table(head, lines)


def _line(frame: pd.DataFrame, own: Ours, row: str) -> list[str]:
  values, cost = own.by_row[row], frame[frame.row == row].iloc[0]
  mean, delta = own.interval(own.mean(row).to_numpy()), own.delta_m(row)
  baseline = row == 'single'
  return [
    presets.ROWS[row].label,
    *(f'{values[task].mean():.2f}' for task in TASKS),
    f'{mean.mean:.2f}',
    span(Span(mean.low, mean.high)),
    str(len(values)),
    '–' if baseline else f'{delta.mean:+.2f}',
    '–' if baseline else span(Span(delta.low, delta.high), '+'),
    '–' if pd.isna(cost.params) else f'{cost.params:,.0f}',
    '–' if pd.isna(cost.seconds) else f'{cost.seconds:,.0f}',
  ]


def span(own: Span, sign: str = '') -> str:
  """Formats an interval; a dash where it is unknown."""
  if any(map(math.isnan, own)):
    return '–'
  return f'{own.low:{sign}.2f} to {own.high:{sign}.2f}'


def claims(judged: Sequence[published_claims.Judged]) -> str:
  """Returns the table of claims and verdicts."""
  head = ('published pattern', 'source', 'published', 'verdict', 'ours', 'rule')
  lines = []
  for one in judged:
    source = paper.SOURCES[one.claim.source]
    lines.append(
      [
        one.claim.text,
        f'{source.name}, {source.data}, {source.model}',
        f'{one.claim.published} {source.mark}',
        f'**{one.verdict}**',
        '; '.join(map(_part, one.parts)) or 'a row is missing',
        one.claim.rule,
      ]
    )
  return markdown.table(head, lines, words=len(head))


def _part(part) -> str:
  sign = '' if ' / ' in part.what else '+'  # a ratio, or a difference
  text = f'{part.what} {part.value:{sign}.2f} ({span(part.span, sign)})'
  return f'{text}: {part.verdict}'


def against(lines: Sequence[compared.Compared]) -> str:
  """Returns the table of the published rows of one source against ours."""
  head = ('row', 'published, %', 'ours, %', 'gap published', 'gap ours')
  head += ('gap', 'rank published', 'rank ours', 'rank')
  cells = [
    [
      presets.ROWS[one.row].label,
      f'{one.published} {one.mark}',
      one.ours,
      *_gaps(one),
      one.gap_verdict or '–',
      _rank(one.published_rank),
      _rank(one.rank),
      one.rank_verdict,
    ]
    for one in lines
  ]
  return markdown.table(head, cells)


def _gaps(one: compared.Compared) -> list[str]:
  if one.published_gap is None:
    return ['–', '–']
  gap = one.gap
  around = span(Span(gap.low, gap.high), '+')
  published = one.published_gap
  middle = f'{published.middle:+.2f} ({span(published, "+")})'
  return [middle, f'{gap.mean:+.2f} ({around})']


def _rank(rank: Span) -> str:
  if rank.low == rank.high:
    return f'{rank.low}'
  return f'{rank.low} to {rank.high}'


def csv(
  lines: Sequence[compared.Compared], trained: Mapping[str, Ours]
) -> list[dict[str, Any]]:
  """Returns the lines of published_vs_ours.csv.

  Args:
    lines: from `compared.all_rows`.
    trained: our accuracies by recipe.
  """
  return [_record(one, trained) for one in lines]


def _record(
  one: compared.Compared, trained: Mapping[str, Ours]
) -> dict[str, Any]:
  source = paper.SOURCES.get(one.source)
  recipe = compared.followed(source, trained) if source else next(iter(trained))
  gap = one.gap and Span(one.gap.low, one.gap.high)
  return {
    'source': source.name if source else '',
    'data': source.data if source else '',
    'model': source.model if source else '',
    'mark': one.mark,
    'recipe': recipe,
    'row': one.row,
    'published': one.published.replace('–', '-'),
    'ours': one.ours,
    'accuracy_verdict': one.accuracy,
    'base': source.base if source else '',
    **_ends('published_gap', one.published_gap),
    'gap': f'{one.gap.mean:.3f}' if one.gap else '',
    **_ends('gap', gap),
    'gap_verdict': one.gap_verdict,
    **_ends('published_rank', one.published_rank, 'g'),
    **_ends('rank', one.rank, 'g'),
    'rank_verdict': one.rank_verdict,
  }


def _ends(name: str, own: Span | None, form: str = '.3f') -> dict[str, str]:
  ends = [f'{x:{form}}' for x in own] if own else ['', '']
  return dict(zip((f'{name}_low', f'{name}_high'), ends, strict=True))
