"""The page of a factorial: the answer, shares, orders, a grid per variant."""

import pathlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from mtl_jax.records import atomic
from mtl_jax.report import stats, terminal
from mtl_jax.report.agreement import baseline
from mtl_jax.report.compare import tables
from mtl_jax.report.drawing import save
from mtl_jax.report.grid import factorial, figures, seed_pairs, two_way
from mtl_jax.report.grid import variants as joined
from mtl_jax.report.grid.variants import Variants
from mtl_jax.report.layout import Table, two_digits
from mtl_jax.report.terminal import Sheet

ANSWERS = {
  'scheme': 'The scheme matters more than the balancer.',
  'balancer': 'The balancer matters more than the scheme.',
  '': 'Undecided whether the scheme or the balancer matters more.',
}
PICTURE = 'figures/factorial.png'


class Section(NamedTuple):
  """A part of the page with its heading."""

  title: str
  sheet: Sheet


def write(
  found: Variants, folder: pathlib.Path, settings: Mapping[str, str]
) -> list[Section]:
  """Writes factorial.md, factorial.csv, shares.csv and the figure.

  Args:
    found: all grids.
    folder: into which they are written.
    settings: what a level is, by its name.

  Returns:
    The sections that stand before the grids, for the terminal.
  """
  first = answers(found, settings)
  grids = [
    Section(' '.join(names), two_way.sheet(one))
    for names, one in found.grids.items()
  ]
  parts = ['# The scheme or the balancer?\n']
  for i, section in enumerate([*first, *grids]):
    parts += [f'## {section.title}\n', terminal.markdown(section.sheet)]
    parts += (
      [] if i else [f'![Shares and means]({pathlib.Path(PICTURE).name})\n']
    )
  tables.write_csv(joined.frame(found), folder / 'factorial.csv')
  shares = pd.DataFrame(found.shares if found.known else [])
  tables.write_csv(shares, folder / 'shares.csv')
  save(figures.draw(found), folder / PICTURE)
  atomic.write(folder / 'factorial.md', '\n'.join(parts))
  return first


def answers(found: Variants, settings: Mapping[str, str]) -> list[Section]:
  """Returns the sections with the answers.

  Args:
    found: all grids.
    settings: what a level is, by its name.
  """
  if not found.known:
    why = (
      'Not answered: it takes two schemes and two balancers without an empty '
      'entry, and two seeds that all entries of all variants have.'
    )
    return [Section('The answer', Sheet([why], Table(['Δm'], []), []))]
  return [
    Section('The answer', _which(found, settings)),
    Section('Shares of the variance', _shares(found)),
    *([Section('The same order?', _orders(found))] if _several(found) else []),
  ]


def _which(found: Variants, settings: Mapping[str, str]) -> Sheet:
  effects = found.effects
  above = [
    f'{ANSWERS[factorial.larger(effects)]} {two_way.verdict(effects)}',
    *_largest(found),
    *(f'{_same(*row)}.' for row in found.rankings()),
    *(f'{name}: {text}' for name, text in settings.items() if text),
  ]
  rows = [_row('all, averaged', effects)] if len(found.grids) > 1 else []
  for i, optimizer in enumerate(found.optimizers):
    for j, size in enumerate(found.sizes):
      own = found.part.values[i, j]
      of = factorial.effects(own, found.test_over_train)
      rows.append(_row(f'{optimizer} {size}', of))
  header = ['std of Δm, % points', 'schemes', 'balancers', 'difference', 'more']
  return Sheet(above, Table(header, rows), _about(found))


def _same(what: str, first: str, second: str, tau) -> str:
  return (
    f'Order of {what}s under {first} and {second}: τ {_size(tau)}, '
    f'{tau.verdict}'
  )


def _row(name: str, effects: factorial.Effects) -> list[str]:
  sizes = effects.scheme, effects.balancer, effects.difference
  return [name, *map(_size, sizes), factorial.larger(effects) or 'undecided']


def _size(size) -> str:
  value, low, high = size
  between = f' ({two_digits(low)} to {two_digits(high)})'
  return two_digits(value) + between * bool(np.isfinite(low))


def _largest(found: Variants) -> list[str]:
  """The largest shares, seeds left out."""
  shares = sorted(found.shares[:-2], key=lambda one: -one.share)
  named = ', '.join(f'{one.name} {_percent(one)}' for one in shares[:3])
  return [f'Largest shares of the variance of one entry: {named}.']


def _percent(share) -> str:
  low, high = two_digits(100 * share.low), two_digits(100 * share.high)
  between = f' ({low} to {high} %)' * bool(np.isfinite(share.low))
  return f'{two_digits(100 * share.share)} %{between}'


def _about(found: Variants) -> list[str]:
  base, n = baseline(found.first.cells), found.part.values.shape[-1]
  few = n < seed_pairs.FEWEST_SEEDS
  return [
    f'Δm of every entry is against single with balancer equal of its own '
    f'variant, over {n} {base.repeats}; effects of schemes are averaged over '
    f'balancers and the reverse ({", ".join(found.part.schemes)} with '
    f'{", ".join(found.part.balancers)}). The first row is the one test of '
    'the question; those of single variants are not corrected for each other.',
    'Stds of the effects, the noise of the seeds taken out. Intervals: 95 %, '
    'bootstrapped over seeds'
    + (
      ', widened for the overlap of resplits (Nadeau and Bengio 2003).'
      if found.test_over_train
      else '.'
    )
    + (f' {n} seeds are too few for them.' if few else ''),
    *_chosen(base.tried),
    'Budget, costs and every task: table.md in the folder of each variant.',
  ]


def _chosen(tried: int) -> list[str]:
  if tried < 2:
    return []
  return [
    f'Every entry, single included, chose among {tried} settings of '
    'hyperparameters by its own validation rows, in each split; separate '
    'towers chose one for each task.'
  ]


def _shares(found: Variants) -> Sheet:
  rows = [[one.name, _percent(one)] for one in found.shares]
  above = [
    'Of the variance of one entry of one variant at one seed: a row per '
    'factor, per pair and for seeds, which sum to 100 %.'
  ]
  return Sheet(above, Table(['due to', 'share (95 % interval)'], rows), [])


def _several(found: Variants) -> bool:
  return len(found.grids) > 1


def _orders(found: Variants) -> Sheet:
  rows = [
    [f'{what}s', f'{a}, {b}', _size(tau), tau.verdict]
    for what, a, b, tau in found.rankings()
  ]
  above = [
    "Kendall's τ of mean Δm under two levels, over everything else: 1 is the "
    'same order, -1 the reverse. An interval without 0 shows that orders '
    f'agree, or are reversed; else it is {stats.UNDECIDED}. Rows are not '
    'corrected for each other.'
  ]
  header = ['order of', 'between', 'τ (95 % interval)', 'verdict']
  return Sheet(above, Table(header, rows), [])
