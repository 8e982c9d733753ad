"""Sentences on which measures predict, and from when on."""

from collections.abc import Iterator

import pandas as pd

from mtl_jax.report import stats
from mtl_jax.report.layout import with_interval
from mtl_jax.report.validity.correlations import DRAWN, Validity
from mtl_jax.report.validity.regrets import WHOLE

PARTS = {
  'step 0': 'at step 0',
  'to 10 %': 'in the first 10 % of the steps',
  '10 to 40 %': 'from 10 to 40 % of the steps',
  'from 40 %': 'after 40 % of the steps',
  'all': 'over all probes',
  'end': 'at the end',
  '': 'as drawn',
}


def answers(result: Validity) -> Iterator[str]:
  """Yields sentences on all drawn sets together, or on the first set."""
  lines = result.correlations
  name = DRAWN if (lines['tasks'] == DRAWN).any() else lines['tasks'].iloc[0]
  own = lines[lines['tasks'] == name].dropna(subset='rho')
  if own.empty:
    yield f'{name}: no correlation is known.'
    return
  for measure, part in own.groupby('measure', sort=False):
    yield f'{name}: {_answer(measure, part)}'
  # The known cosine is how the data were drawn, not a measure.
  known = own[own['measure'] != 'known cosine']
  best = known.loc[known['rho'].idxmax()]
  above = best['verdict'] == 'predicts'
  shown = 'shown' if above else stats.UNDECIDED
  yield (
    f'Of all measures {best["measure"]} ({_when(best["when"])}) ranks pairs '
    f'best, {rho(best)}; whether it is above 0: {shown}.'
  )
  yield from _grouped(result.regrets, name)
  for cost in result.costs:
    yield (
      f'{cost["tasks"]}: {cost["looks"]} probes added '
      f'{cost["share_of_training"]:.0%} to the training of all tasks together, '
      f'Grad-TAG {cost["grad_tag_share"]:.0%}.'
    )


def _grouped(lines: pd.DataFrame, name: str) -> Iterator[str]:
  """How much better than chance measures group, with the fewest networks."""
  own = lines[(lines['tasks'] == name) & lines['when'].isin(WHOLE)]
  own = own[own['budget'] == own['budget'].min()].set_index('measure')
  if own.empty:
    return
  listed = '; '.join(
    f'{measure} {over(row)}'
    for measure, row in own.iterrows()
    if measure != 'random'
  )
  yield (
    f'{name}: gain of the grouping of {own["budget"].iloc[0]} networks that '
    f'each chooses, over a random one, in % points: {listed}.'
  )


def over(row: pd.Series) -> str:
  """Formats the gain over a random grouping."""
  return with_interval(
    row['over_random'], row['over_low'], row['over_high'], '+'
  )


def _answer(measure: str, part: pd.DataFrame) -> str:
  shown = part[part['verdict'] == 'predicts']
  if len(shown):
    # Lines are in the order of time, so the first is the earliest.
    first = shown.iloc[0]
    best = shown.loc[shown['rho'].idxmax()]
    later = f', best {_when(best["when"])} ({rho(best)})'
    return (
      f'{measure} predicts, first {_when(first["when"])} ({rho(first)})'
      f'{"" if best["when"] == first["when"] else later}.'
    )
  wrong = part[part['verdict'] == 'misleads']
  if len(wrong):
    worst = wrong.loc[wrong['rho'].idxmin()]
    return f'{measure} misleads {_when(worst["when"])} ({rho(worst)}).'
  best = part.loc[part['rho'].abs().idxmax()]
  return f'{measure}: {stats.UNDECIDED}, at most {rho(best)}.'


def _when(when: str) -> str:
  return PARTS.get(when, when)


def rho(row: pd.Series) -> str:
  """Formats a correlation."""
  return with_interval(row['rho'], row['ci_low'], row['ci_high'], '+')
