"""The tables on predictions from pairs, and on groupings."""

import pandas as pd

from mtl_jax.report.layout import Table, with_interval
from mtl_jax.report.terminal import Sheet
from mtl_jax.report.transfer import choosing, from_pairs
from mtl_jax.report.transfer.gains import Transfer


def agreement(frame: pd.DataFrame) -> Sheet:
  """Formats how well pairs predict.

  Args:
    frame: from `from_pairs.agreement`.

  Returns:
    The sheet.
  """
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


def groupings(transfer: Transfer, frame: pd.DataFrame) -> Sheet:
  """Formats what the chosen groupings bring.

  Args:
    transfer: all gains.
    frame: from `choosing.groupings`.

  Returns:
    The sheet.
  """
  header = [
    *('networks, chosen by', 'gain %', 'over random', 'regret'),
    *('most often', 'in'),
  ]
  body = [
    [
      f'{row["budget"]}, {row["chosen_by"]}',
      with_interval(row['gain'], row['ci_low'], row['ci_high'], '+'),
      '–' if row['chosen_by'] == 'random' else _over(row),
      f'{row["regret"]:.2f}',
      '–' if pd.isna(row['networks']) else row['networks'],
      '–' if pd.isna(row['often']) else f'{row["often"]:.0%}',
    ]
    for row in frame.to_dict('records')
  ]
  what = f'{len(transfer.seeds)} {transfer.base.repeats}'
  return Sheet(
    [
      'The best grouping with so many networks or fewer, each task served by '
      f'one of them, chosen in each of {what} by itself and judged by its test '
      'rows: mean gain over tasks, what that is over a random grouping, paired '
      'by seed, both ± half the 95 % interval, and what the oracle gains more. '
      'A group has the hyperparameters that were chosen for it in the same '
      'resplit.',
      'oracle: chosen on the test results that it is judged by, so that its '
      'gain and all regrets are too high. The others choose without the test '
      'rows that they are judged by: by the gains of every group on that '
      'resplit’s validation rows, by those of pairs, by affinities measured in '
      'its training.',
      'random: mean over all partitions into exactly so many groups.',
    ],
    Table(header, body),
    _gaps(transfer),
  )


def _over(row: dict) -> str:
  if pd.isna(row['over_random']):
    return '–'
  return with_interval(
    row['over_random'], row['over_low'], row['over_high'], '+'
  )


def _gaps(transfer: Transfer) -> list[str]:
  known = from_pairs.known(transfer)[0]
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
