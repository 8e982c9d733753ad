"""Sentences on interference, each with its numbers.

A sentence says so where nothing is shown.
"""

import itertools
from collections.abc import Sequence

import pandas as pd

from mtl_jax.report import stats
from mtl_jax.report.interference import findings
from mtl_jax.report.interference.findings import Contrast
from mtl_jax.report.interference.pairs import (
  CORRECTED,
  NOT_SHOWN,
  Interference,
)
from mtl_jax.report.interference.probe_records import FEATURES
from mtl_jax.report.layout import with_interval


def pair_verdicts(result: Interference) -> str:
  """Says which pairs conflict or agree, and how strongly."""
  rows = result.of(CORRECTED)
  known = [
    p for p in itertools.combinations(result.names, 2) if p in rows.index
  ]
  count = len(result.names) * (len(result.names) - 1) // 2
  parts, rest = [], count
  for verdict in ('conflict', 'agree'):
    own = [p for p in known if rows.loc[p, 'verdict'] == verdict]
    own.sort(key=lambda p: -abs(rows.loc[p, 'mean']))
    rest -= len(own)
    listed = '; '.join(f'{_both(p)} {number(rows.loc[p])}' for p in own)
    word = 'conflict' if verdict == 'conflict' else 'agreement'
    parts.append(
      f'{word} is shown for {len(own)} of {_pairs(count)}'
      f'{f" ({listed})" if own else ""}'
    )
  text = f'By the corrected cosine {", ".join(parts)}'
  if rest:
    text += f'; {_pairs(rest)} {NOT_SHOWN}'
  return f'{text}.{_left_out(result)}'


def _left_out(result: Interference) -> str:
  """Says in how many seeds a gradient was all noise."""
  rows, every = result.of(CORRECTED), len(result.cell.completed)
  few = every - rows['n_seeds'].min() if len(rows) else every
  if not few:
    return ''
  return (
    f' In up to {few} of {every} seeds a gradient could not be '
    'distinguished from noise; those seeds are left out of the pair: increase '
    'config.probe.batches.'
  )


def rates(result: Interference) -> str:
  """Says the conflict rate over all pairs, and its extremes."""
  rows = result.of('conflict')
  if not len(rows):
    return 'The conflict rate is not known.'
  whole = findings.over_pairs(result, 'conflict')
  text = f'Gradients of a batch conflict in {_share(whole)} of cases'
  high, low = rows['mean'].idxmax(), rows['mean'].idxmin()
  # One pair, listed in both orders, has no extremes.
  if len(rows) > 2:
    text += (
      f', most for {_both(high)} ({_percent(rows.loc[high])}) and least for '
      f'{_both(low)} ({_percent(rows.loc[low])})'
    )
  return f'{text}. Not tested: noise of batches moves it, mostly to 50 %.'


def depth(result: Interference) -> str:
  """Says which modules have the most and the least conflict."""
  ends = findings.in_depth(result)
  if ends is None:
    return 'Depth: there is only one module, or no seed has values of all.'
  return (
    f'In depth, the conflict rate is highest in {ends.names[0]} and lowest in '
    f'{ends.names[1]}: {_against(ends)}.'
  )


def time(result: Interference) -> str:
  """Compares the last with the first third of probes."""
  names = {'conflict': 'conflict rate', CORRECTED: 'corrected cosine'}
  parts = []
  for measure, name in names.items():
    ends = findings.in_time(result, measure, tests=len(names))
    scale = 100.0 if measure == 'conflict' else 1.0
    parts.append(
      f'{name} {_against(ends, scale)}' if ends else f'{name} not known'
    )
  return (
    'Over training, the last third of probes against the first, mean over '
    f'pairs: {"; ".join(parts)}.'
  )


def tag_effects(result: Interference) -> str:
  """Says which step helps and which hurts which task most."""
  rows = result.of('tag')
  if not len(rows):
    return 'TAG is not known.'
  # A gain is a share of the loss that a step takes away: + helps.
  best, worst = rows['mean'].idxmax(), rows['mean'].idxmin()
  parts = [_step(rows, best, 'largest'), _step(rows, worst, 'smallest')]
  # The largest gain is also the smallest if only one is known.
  return f'By TAG, {"; ".join(parts[: 1 + (best != worst)])}.'


def _step(rows: pd.DataFrame, pair: tuple[str, str], which: str) -> str:
  row = rows.loc[pair]
  way = 'lowers' if row['mean'] > 0 else 'raises'
  # A loss is raised by a positive number: the sign of a negative gain is
  # turned, and so are the ends of its interval.
  size = number(row if row['mean'] > 0 else _turned(row), 100.0)
  shown = row['verdict']
  verdict = shown if shown == NOT_SHOWN else f'{shown}, shown'
  return (
    f'the {which} gain is of a step on {pair[0]}, which {way} the loss of '
    f'{pair[1]} by {size} % ({verdict})'
  )


def _turned(row: pd.Series) -> pd.Series:
  ends = {'mean': 'mean', 'ci_low': 'ci_high', 'ci_high': 'ci_low'}
  return pd.Series({name: -row[other] for name, other in ends.items()})


def features(result: Interference) -> str:
  """Says how similar a task's features are to those that it learns alone."""
  rows = result.of('cka_single', FEATURES)
  own = [n for n in result.names if (n, n) in rows.index]
  if not own:
    return _between(result)
  listed = '; '.join(f'{n} {number(rows.loc[(n, n)])}' for n in own)
  ends = findings.of_features(result)
  text = f'CKA of features with those of the task alone: {listed}'
  if ends is None:
    return f'{text}.'
  high, low = ends.names
  return f'{text}; {high} against {low}: {_against(ends, 1.0)}.'


def _between(result: Interference) -> str:
  rows = result.of('cka', FEATURES)
  if not len(rows):
    return 'The similarity of features is not known.'
  low, high = rows['mean'].idxmin(), rows['mean'].idxmax()
  return (
    "CKA of the tasks' features with each other: most similar "
    f'{_both(high)} ({number(rows.loc[high])}), least {_both(low)} '
    f'({number(rows.loc[low])}); not tested.'
  )


def _against(ends: Contrast, scale: float = 100.0) -> str:
  """`52 % against 48 %, a difference of 4 +- 3 (shown)`."""
  unit = ' %' if scale == 100 else ''
  points = ' % points' if unit else ''
  means = [f'{scale * values.mean():.3g}{unit}' for values in ends.values]
  size = with_interval(*(scale * x for x in ends.difference[:3]), '+')
  shown = 'shown' if ends.shown else NOT_SHOWN
  return f'{means[0]} against {means[1]}, {size}{points} ({shown})'


def number(row: pd.Series, scale: float = 1.0) -> str:
  """Formats a mean ± half its interval.

  Args:
    row: of `Interference.of`.
    scale: factor from the measure to what is written.

  Returns:
    The text.
  """
  ends = (scale * row[name] for name in ('mean', 'ci_low', 'ci_high'))
  return with_interval(*ends)


def _percent(row: pd.Series) -> str:
  return f'{number(row, 100.0)} %'


def _share(rate: stats.Paired) -> str:
  return f'{with_interval(*(100 * x for x in rate[:3]))} %'


def _both(pair: Sequence[str]) -> str:
  return ' and '.join(pair)


def _pairs(count: int) -> str:
  return f'{count} pair{"s" if count != 1 else ""}'


ALL = (pair_verdicts, rates, depth, time, tag_effects, features)
