"""The tables on the page of cross-stitch's ablations."""

from typing import Any

import numpy as np
import pandas as pd

from benchmarks import markdown
from benchmarks.cross_stitch import claims as claims_lib
from benchmarks.cross_stitch import paper, variants
from mtl_jax.report import stats

GROUPS = {
  'T5': 'Against other networks',
  'T1': 'T1: own weight of a tower, .9 in cross_stitch',
  'T2': f'T2: rate of units, x {variants.MULTIPLIER:g} in cross_stitch',
  'T3': 'T3: start, 60 % of the steps apart in cross_stitch',
  'where': 'Where there are units, after all stages in cross_stitch',
}
ANSWERS = 'hold', 'do not', 'are undecided'  # in the order of verdicts


def in_groups(steps: int) -> dict[str, list[str]]:
  """Returns the names of all rows by group, in the order of the page."""
  rows = variants.rows(steps)
  groups = {
    group: [name for name, row in rows.items() if row.group == group]
    for group in GROUPS
  }
  shown = [
    r for r in groups['T5'] if r not in (variants.SECOND, 'cross_stitch')
  ]
  groups['T5'] = [*shown, variants.SPLIT, variants.ENSEMBLE, 'cross_stitch']
  return groups


def answer(claims: list[claims_lib.Claim]) -> str:
  """Returns which claims hold, in one sentence."""
  named = {
    verdict: [
      f'{c.table} {_lower(c.text)}' for c in claims if c.verdict == verdict
    ]
    for verdict in (claims_lib.HOLDS, claims_lib.FAILS, claims_lib.OPEN)
  }
  parts = [
    f'{len(own)} {words}{": " if own else ""}{", ".join(own)}'
    for own, words in zip(named.values(), ANSWERS, strict=True)
  ]
  return markdown.wrapped(
    f'In words: of {len(claims)} published directions {"; ".join(parts)}.'
  )


def _lower(text: str) -> str:
  return f'({text[:1].lower()}{text[1:].rstrip(".")})'


def verdicts(claims: list[claims_lib.Claim]) -> str:
  """Returns the table of claims, with a line for each part."""
  head = ('', 'published claim', 'verdict', 'difference of gains, %')
  head += ('published', 'here (95 % interval)', 'smallest shown', 'part')
  lines = []
  for claim in claims:
    for i, part in enumerate(claim.parts):
      first = ('', '', '')
      if i == 0:
        first = (claim.table, claim.text, f'**{claim.verdict}**')
      lines.append([*first, part.what, *_numbers(part), part.verdict])
  return markdown.table(head, lines, words=len(head))


def _numbers(part: claims_lib.Part) -> list[str]:
  if part.published is None:
    share = markdown.percent(part.value)
    ends = f'{markdown.percent(part.low)} to {markdown.percent(part.high)}'
    return ['diverges', f'{share} ({ends})', '–']
  here = f'{part.value:+.1f} ({span(part.low, part.high)})'
  return [
    f'{part.published:+.1f}',
    # A row all of whose runs failed has no gain to take a difference of.
    'diverged' if np.isnan(part.value) else here,
    '–' if np.isnan(part.smallest) else f'{part.smallest:.1f}',
  ]


def span(low: float, high: float) -> str:
  """Formats an interval; a dash if it is not known."""
  return '–' if np.isnan(low) else f'{low:+.1f} to {high:+.1f}'


def published() -> str:
  """Returns the published values."""
  head = ('table', 'row', 'normals, mean angle ↓', 'segmentation, mIoU ↑')
  lines = [
    [table, row, f'{values.angle:.1f}', f'{values.miou:.1f}']
    for table, rows in paper.TABLES.items()
    for row, values in rows.items()
  ]
  return markdown.table(head, lines, words=2)


def rows(frame: pd.DataFrame, steps: int) -> str:
  """Returns the table of all rows.

  Args:
    frame: cross_stitch.csv.
    steps: of every run.
  """
  gained = claims_lib.gains(frame)
  head = ('row', 'item, accuracy ↑', 'hidden, rmse ↓', 'gain over single, %')
  head += ('95 % interval', 'less cross_stitch, %', '95 % interval')
  head += ('diverged',)
  lines = []
  for group, names in in_groups(steps).items():
    lines.append([f'*{GROUPS[group]}*', *[''] * (len(head) - 1)])
    lines += [_row(frame[frame.row == name], name, gained) for name in names]
  return markdown.table(head, lines)


def _row(own: pd.DataFrame, name: str, gained: pd.DataFrame) -> list[str]:
  means = [_mean(own[task]) for task in claims_lib.HIGHER]
  less = (gained[name] - gained['cross_stitch']).dropna().to_numpy()
  over = _change(gained[name].dropna().to_numpy(), name == 'single')
  rest = _change(less, name == 'cross_stitch')
  return [name, *means, *over, *rest, f'{own.diverged.sum()} of {len(own)}']


def _mean(values: pd.Series) -> str:
  found = stats.interval(values.dropna().to_numpy())
  half = '' if np.isnan(found.low) else f' ± {found.high - found.mean:.3f}'
  return '–' if np.isnan(found.mean) else f'{found.mean:.3f}{half}'


def _change(values: np.ndarray, itself: bool) -> list[str]:
  if itself or not len(values):
    return ['–', '–']
  found = stats.one_sample(values, stats.PERCENT)
  return [f'{found.mean:+.1f}', span(found.low, found.high)]


def setup(preset: paper.Preset, config: Any) -> str:
  """Returns the table of what is like the paper and what is not.

  Args:
    preset: the size.
    config: that of `runs.config`.
  """
  few = f'`item` ({preset.labels} labels of {preset.pictures[0]:,} pictures)'
  apart = f'{preset.steps:,} steps of all rows, {variants.WARM:.0%} apart'
  sgd = f'SGD, momentum .9, rate {config.hp.lr[0]:g}, batch {config.batch_size}'
  lines = [
    ['tasks', f'{few}, `hidden` (all)', 'segmentation, surface normals'],
    ['network', 'LeNet', 'AlexNet'],
    ['units', 'after each stage', 'after pool1, pool2, pool5, fc6, fc7'],
    ['budget', apart, '25,000 and 15,000 iterations apart, then 10,000'],
    ['optimizer', sgd, 'SGD, batch 20'],
    ['from scratch', 'random towers', 'towers from ImageNet'],
  ]
  return markdown.table(('', 'here', 'paper'), lines, words=3)
