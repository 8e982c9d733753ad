"""The page on gains, negative transfer and groupings."""

from collections.abc import Sequence

import pandas as pd

from mtl_jax.report import stats, terminal
from mtl_jax.report.layout import MARKS, Table, human, with_interval
from mtl_jax.report.terminal import Sheet
from mtl_jax.report.transfer import (
  from_pairs,
  gain_tables,
  grouping_sheets,
  heatmap,
)
from mtl_jax.report.transfer.from_pairs import Affinities
from mtl_jax.report.transfer.gains import Transfer

TITLES = (
  'Gains of pairs',
  'Gains by size of the group',
  'Negative transfer',
  'Larger groups from pairs',
  'Groupings',
)


def pages(
  transfer: Transfer,
  affinities: Affinities,
  groupings: pd.DataFrame,
  harmed: pd.DataFrame,
) -> list[Sheet]:
  """Makes a sheet per title of `TITLES`.

  Args:
    transfer: all gains.
    affinities: of all seeds.
    groupings: from `choosing.groupings`.
    harmed: from `negative.by_task`.

  Returns:
    The sheets.
  """
  agreement = from_pairs.agreement(transfer, affinities)
  return [
    _pairs(transfer),
    _sizes(transfer),
    _negative(transfer, harmed),
    grouping_sheets.agreement(agreement),
    grouping_sheets.groupings(transfer, groupings),
  ]


def markdown(sheets: Sequence[Sheet], scheme: str) -> str:
  """Formats all sheets under their titles.

  Args:
    sheets: from `pages`.
    scheme: how the groups were trained, for the title.

  Returns:
    Markdown.
  """
  parts = [
    f'## {title}\n\n{terminal.markdown(sheet)}'
    for title, sheet in zip(TITLES, sheets, strict=True)
  ]
  return '\n'.join([f'# What sharing did: {scheme}\n', *parts])


def _pairs(transfer: Transfer) -> Sheet:
  names, entries = heatmap.entries(transfer)
  what, test = transfer.base.repeats, stats.named(transfer.base.test_over_train)
  header = [
    'trained with',
    *(f'{t.name} {t.metrics[0][0]}' for t in transfer.base.tasks),
  ]
  body = [[name, *row] for name, row in zip(names, entries, strict=True)]
  # Each reason once: groups with the same task tend to have the same.
  reasons = dict.fromkeys(
    transfer.frame['reason'][transfer.frame['reason'] != '']
  )
  return Sheet(
    [
      'Gain in % of the column’s task when it is trained with the row’s, '
      'against alone (single, the same budget, seeds, splits and batches), '
      f'+ is better: mean over {len(transfer.base.setting)} {what} ± half the '
      f'width of its 95 % interval ({test}).',
      '▲ better, ▼ worse: p < 0.05 after Holm over all lines of gains.csv, '
      f'else {stats.UNDECIDED}.',
    ],
    Table(header, body),
    [*_power(transfer), *(f'no gain is given: {r}' for r in reasons)],
  )


def _power(transfer: Transfer) -> list[str]:
  least = transfer.frame['detectable'].dropna()
  if least.empty:
    return []
  low, middle, high = (human(least.quantile(q)) for q in (0, 0.5, 1))
  return [
    'Undecided is not equal: the smallest gain or loss that a line would have '
    f'shown with 80 % power is {low} to {high} %, {middle} % in the median.'
  ]


def _sizes(transfer: Transfer) -> Sheet:
  header = ['tasks', 'groups', 'gain %', 'shown better', 'shown worse']
  body = [
    [
      str(row['size']),
      str(row['groups']),
      with_interval(row['gain'], row['ci_low'], row['ci_high'], '+'),
      str(row['shown_better']),
      str(row['shown_worse']),
    ]
    for row in gain_tables.by_size(transfer).to_dict('records')
  ]
  above = (
    'Mean gain over groups and tasks, and lines of gains.csv with a verdict.'
  )
  return Sheet([above], Table(header, body), [])


def _negative(transfer: Transfer, harmed: pd.DataFrame) -> Sheet:
  header = [
    *('task, tasks in its group', 'groups', 'gain %', 'two trainings differ'),
    *('negative transfer', 'by chance', 'lost %', 'by chance %', 'excess'),
  ]
  body = [
    [
      f'{row["task"]}, {row["size"]}',
      str(row['groups']),
      f'{row["gain"]:+.2f}',
      _known(row['differ'], '{:.2f} %'),
      _known(row['worse'], '{:.0%}'),
      _known(row['chance'], '{:.0%}'),
      f'{row["lost"]:.2f}',
      _known(row['lost_by_chance'], '{:.2f}'),
      _excess(row),
    ]
    for row in harmed.to_dict('records')
  ]
  what = f'{len(transfer.seeds)} {transfer.base.repeats}'
  return Sheet(
    [
      'A task suffers negative transfer where it loses more than two trainings '
      'of it alone differ by: single was trained twice on every split, with '
      'other initial weights, order of rows and dropout, and the root of the '
      'mean squared difference, in % of the headline, is what they differ by.',
      'Negative transfer: share of groups and seeds in which the task loses '
      'more than that. Lost: mean of max(-gain, 0). By chance: the same of '
      'second trainings of single. Excess: what is lost more than by chance, '
      f'paired by seed, ± half its 95 % interval over {what}; ▼ negative '
      'transfer is shown: above 0 at p < 0.05 after Holm over the lines; else '
      f'{stats.UNDECIDED}.',
    ],
    Table(header, body),
    [],
  )


def _known(value: float, form: str) -> str:
  return '–' if pd.isna(value) else form.format(value)


def _excess(row: dict) -> str:
  if pd.isna(row['excess']):
    return '–'
  ends = (row[key] for key in ('excess', 'ci_low', 'ci_high'))
  return with_interval(*ends, '+') + (MARKS['worse'] if row['shown'] else '')
