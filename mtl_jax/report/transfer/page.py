"""The page on gains, negative transfer and groupings."""

from collections.abc import Sequence

import pandas as pd

from mtl_jax.report import stats, terminal
from mtl_jax.report.layout import Table, human, with_interval
from mtl_jax.report.terminal import Sheet
from mtl_jax.report.transfer import choosing, gains, heatmap
from mtl_jax.report.transfer.choosing import Affinities
from mtl_jax.report.transfer.gains import Transfer

TITLES = (
  'Gains of pairs',
  'Negative transfer',
  'Larger groups from pairs',
  'Groupings',
)


def pages(
  transfer: Transfer, affinities: Affinities, groupings: pd.DataFrame
) -> list[Sheet]:
  """Makes a sheet per title of `TITLES`.

  Args:
    transfer: all gains.
    affinities: `[K, K]` by measure, i -> j.
    groupings: from `choosing.groupings`.

  Returns:
    The sheets.
  """
  agreement = choosing.agreement(transfer, affinities)
  return [
    _pairs(transfer),
    _negative(transfer),
    _agreement(agreement),
    _groupings(transfer, groupings),
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
      'else no difference shown.',
    ],
    Table(header, body),
    [f'no gain is given: {reason}' for reason in reasons],
  )


def _negative(transfer: Transfer) -> Sheet:
  header = [
    *('tasks', 'groups', 'gain %', 'negative transfer', 'negative part %'),
    *('shown better', 'shown worse'),
  ]
  body = [
    [
      str(row['size']),
      str(row['groups']),
      with_interval(row['gain'], row['ci_low'], row['ci_high'], '+'),
      '–' if pd.isna(row['worse']) else f'{row["worse"]:.0%}',
      f'{row["negative"]:.2f}',
      str(row['shown_better']),
      str(row['shown_worse']),
    ]
    for row in gains.by_size(transfer).to_dict('records')
  ]
  noise = gains.noise(transfer.base)
  return Sheet(
    [
      'By size of the group. Negative transfer: share of (group, task, seed) '
      f'whose paired difference is worse than {gains.MULTIPLE:g} times the '
      'noise of single from seed to seed, pooled over tasks, which is '
      f'{human(noise)} %. Negative part: mean of min(gain, 0).',
    ],
    Table(header, body),
    [],
  )


def _agreement(frame: pd.DataFrame) -> Sheet:
  numbers = ['correlation', 'of ranks', 'error', 'bias']
  body = [
    [
      row['gains of'],
      row['from'],
      str(row['n']),
      *('–' if pd.isna(row[k]) else f'{row[k]:.2f}' for k in numbers),
    ]
    for row in frame.to_dict('records')
  ]
  return Sheet(
    [
      'Mean gains on test, predicted for each task of a group by the mean over '
      'its partners of their gains as pairs (Standley et al. 2020) or of their '
      'affinities. Error and bias: mean modulus and mean of realised minus '
      'predicted, % points.',
    ],
    Table(['gains of', 'from', 'n', *numbers], body),
    [
      'Pairs on test share seeds, rows and the baseline with what they '
      'predict, so that their agreement is too good; validation shares the '
      'networks.',
    ],
  )


def _groupings(transfer: Transfer, frame: pd.DataFrame) -> Sheet:
  header = ['networks, chosen by', 'gain %', 'regret', 'groups']
  body = [
    [
      f'{row["budget"]}, {row["chosen_by"]}',
      f'{row["gain"]:+.2f}'
      # A mean over partitions, `random`, has no interval.
      if pd.isna(row['ci_low'])
      else with_interval(row['gain'], row['ci_low'], row['ci_high'], '+'),
      f'{row["regret"]:.2f}',
      '–' if pd.isna(row['networks']) else row['networks'],
    ]
    for row in frame.to_dict('records')
  ]
  seeds = len(transfer.base.setting)
  return Sheet(
    [
      'The best grouping with so many networks or fewer, each task served by '
      'one of them: mean gain over tasks on test, and what the oracle gains '
      f'more. {seeds} seeds.',
      'oracle: chosen on the test results that it is judged by, so that its '
      'gain and all regrets are too high on average. All others are chosen '
      'without test: by the gains of every group on validation, by '
      'those of pairs on validation, by affinities.',
      'random: mean over all partitions into exactly so many groups.',
    ],
    Table(header, body),
    _gaps(transfer),
  )


def _gaps(transfer: Transfer) -> list[str]:
  known = choosing.known(transfer)[0]
  lost = [
    group.name
    for group in transfer.groups
    if tuple(map(transfer.names.index, group.members)) not in known
  ]
  notes = ['(a): trained with the others, served by another network.']
  if len(transfer.names) > choosing.MOST:
    notes = [f'groupings of more than {choosing.MOST} tasks are not searched']
  if lost:
    notes.append(f'left out, not all seeds are known: {", ".join(lost)}')
  return notes
