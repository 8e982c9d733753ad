"""The two-way table: schemes in rows, balancers in columns, effects below."""

import numpy as np
import pandas as pd

from mtl_jax.report import stats
from mtl_jax.report.agreement import baseline
from mtl_jax.report.grid import factorial
from mtl_jax.report.grid.grid import Grid
from mtl_jax.report.layout import MARKS, Table, human, with_interval
from mtl_jax.report.terminal import Sheet

DELTA = ['delta_m', 'ci_low', 'ci_high']


def sheet(grid: Grid) -> Sheet:
  """Makes the page: schemes in rows, balancers in columns, effects below."""
  return Sheet(_above(grid), _table(grid), _notes(grid))


def entry(row: pd.Series) -> str:
  """Formats a pair: `+1.2 ± 0.4 ▲`; – if unknown, 0 for the baseline."""
  if (row['scheme'], row['balancer']) == ('single', 'equal'):
    return '–' if row['reason'] else '0'
  return _number(*row[DELTA]) + MARKS.get(row['verdict'], '')


def verdict(result: factorial.Effects) -> str:
  """Makes a sentence of the sizes of both effects and which is larger."""
  first, second = result.scheme, result.balancer
  text = (
    f'Between schemes Δm differs by {_digits(first.std)} % points (std, '
    f'{_interval(first)}), between balancers by {_digits(second.std)} '
    f'({_interval(second)}); '
  )
  which = factorial.larger(result)
  # The interval of the difference includes 0, or is unknown.
  if not which:
    return text + 'which is larger is not shown.'
  size, low, high = result.difference
  # The difference is scheme less balancer, and the sentence is about the
  # larger.
  if which == 'balancer':
    size, low, high = -size, -high, -low
  return (
    f'{text}the effect of the {which} is larger, by {_digits(size)} '
    f'({_digits(low)} to {_digits(high)}).'
  )


def _above(grid: Grid) -> list[str]:
  base = baseline(grid.cells)
  what, test = base.repeats, stats.named(grid.test_over_train)
  return [
    f'Δm in % against single with balancer equal, + is better: mean over '
    f'{len(base.setting)} {what} ± half the width of its 95 % interval '
    f'({test}). Rows are schemes, columns balancers.',
    f'▲ better, ▼ worse, = equivalent to within {grid.margin:.3g} %: p < 0.05, '
    'corrected for all pairs, else undecided. Means have no test.'
    + _smallest(grid),
    'Budget, settings, costs and every task: table.md.',
  ]


def _smallest(grid: Grid) -> str:
  smallest = grid.frame['detectable'].median()
  if not np.isfinite(smallest):
    return ''
  return f' A Δm of {smallest:.2g} % would have been shown with 80 % power.'


def _table(grid: Grid) -> Table:
  entries = {(r['scheme'], r['balancer']): r for _, r in grid.frame.iterrows()}
  body = [
    [s, *(entry(entries[s, b]) for b in grid.balancers), _mean(grid, scheme=s)]
    for s in grid.schemes
  ]
  means = [_mean(grid, balancer=b) for b in grid.balancers]
  header = ['Δm % ↑', *grid.balancers, 'mean']
  return Table(header, [*body, ['mean', *means, _mean(grid)]])


def _mean(grid: Grid, scheme: str = '', balancer: str = '') -> str:
  """Over the part, or one of its rows or columns; – for a row outside it."""
  names, columns, values = grid.part
  outside = scheme and scheme not in names
  if outside or (balancer and balancer not in columns) or not values.size:
    return '–'
  rows = slice(None) if not scheme else [names.index(scheme)]
  chosen = slice(None) if not balancer else [columns.index(balancer)]
  # Averaged within each seed first, so that the interval is over seeds.
  per_seed = values[rows][:, chosen].mean((0, 1))
  return _number(
    *stats.one_sample(per_seed, stats.PERCENT, grid.test_over_train)[:3]
  )


def _notes(grid: Grid) -> list[str]:
  empty = grid.frame[grid.frame['reason'] != '']
  pairs = zip(empty['scheme'], empty['balancer'], empty['reason'], strict=True)
  return [
    *_effects(grid),
    *_over(grid),
    *(f'{scheme} with {balancer}: {why}' for scheme, balancer, why in pairs),
  ]


def _effects(grid: Grid) -> list[str]:
  result = grid.effects
  if result is None:
    return [
      'Effects are not given: that takes two schemes and two balancers '
      'without an empty entry, and two seeds that all of them have.'
    ]
  both, left = result.interaction, result.left
  rest = (
    f'Interaction: {_digits(both.std)} ({_interval(both)}); one entry from '
    f'seed to seed: {_digits(left.std)} ({_interval(left)}). Stds of the '
    'effects, the noise of the seeds taken out; intervals are bootstrapped '
    'over seeds.'
  )
  seeds = grid.part.values.shape[-1]
  if seeds < factorial.FEWEST_SEEDS:
    rest += f' {seeds} seeds are too few for an interval.'
  return [verdict(result), rest]


def _over(grid: Grid) -> list[str]:
  """What means and effects leave out, if anything."""
  schemes, balancers, values = grid.part
  seeds, every = values.shape[-1], len(baseline(grid.cells).setting)
  whole = len(schemes) == len(grid.schemes)
  if whole and len(balancers) == len(grid.balancers) and seeds == every:
    return []
  if not values.size:
    return ['Means are not given: no seed is complete in all entries.']
  return [
    'Means and effects are over the part without an empty entry, '
    f'{", ".join(schemes)} with {", ".join(balancers)}, and the {seeds} seeds '
    'that all of its entries have.'
  ]


def _number(mean: float, low: float, high: float) -> str:
  return with_interval(mean, low, high, '+')


def _interval(size: factorial.Size) -> str:
  if np.isnan(size.low):
    return 'no interval'
  return f'95 % interval {_digits(size.low)} to {_digits(size.high)}'


def _digits(number: float) -> str:
  """Two digits: 0.033, 1.9, 350."""
  return human(float(f'{number:.2g}'))
