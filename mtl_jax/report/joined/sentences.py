"""The answer of each part of the report, in a sentence."""

import math

from mtl_jax.report import many, stats
from mtl_jax.report.joined.findings import Findings
from mtl_jax.report.joined.hierarchical import Effect
from mtl_jax.report.joined.improvement import Estimate
from mtl_jax.report.joined.ranking import Ranking
from mtl_jax.report.layout import with_interval
from mtl_jax.report.stats import BETTER, EQUIVALENT, WORSE

EQUAL = f'{EQUIVALENT} than', f'{EQUIVALENT} to'
SAME_SPLIT = 'P(X > Y), same split'


def deltas(found: Findings) -> str:
  """Says which comparisons within data sets have a verdict."""
  words: dict[str, list[str]] = {}
  for row in found.deltas.to_dict('records'):
    where = f'{row["row"]} on {row["dataset"]}'
    words.setdefault(row['verdict'], []).append(where)
  known = (BETTER, WORSE, EQUIVALENT)
  told = [
    f'{len(words[word])} {word} ({many.some(words[word], 6)})'
    for word in known
    if word in words
  ]
  rest = [f'{len(words[w])} {w}' for w in words if w not in known]
  return (
    f'Of {len(found.deltas)} comparisons with single, each within one data '
    f'set: {", ".join([*told, *rest])}.'
  )


def effect(found: Findings) -> str:
  """Says which rows are shown to differ from single over data sets."""
  words: dict[str, list[str]] = {}
  for label in found.effects:
    entry = f'{label} ({mean(found, label)} %)'
    words.setdefault(found.verdict(label), []).append(entry)
  shown = [
    f'{word} than single: {many.some(words[word], 6)}'.replace(*EQUAL)
    for word in (BETTER, WORSE, EQUIVALENT)
    if word in words
  ]
  best = max(found.effects, key=lambda label: found.effects[label].mean)
  own = found.effects[best]
  first = '; '.join(shown) or 'nothing is shown'
  new = f', and on a new data set it would lie from {new_data_set(own)} %'
  return (
    f'Over {len(found.joined.sets)} data sets, {first}; the highest mean is '
    f'that of {best}, {mean(found, best)} %{new * math.isfinite(own.new_low)}.'
  )


def new_data_set(own: Effect) -> str:
  """Formats the interval on a new data set; – where it is not known."""
  if not math.isfinite(own.new_low):
    return '–'
  return f'{own.new_low:+.3g} to {own.new_high:+.3g}'


def mean(found: Findings, label: str) -> str:
  """Formats the mean over data sets with its interval."""
  own = found.effects[label]
  return with_interval(own.mean, own.low, own.high, '+')


def ranking(own: Ranking) -> str:
  """Says what the ranks show, or that they are too few to show anything."""
  means = own.ranked.mean(0)
  first = own.labels[int(means.argmin())]
  best = f'{first} has the best mean rank, {means.min():.2f}'
  if not own.decisive:
    return (
      f'{len(own.ranked)} data sets are too few for any verdict from signed '
      f'ranks: with {len(own.p_values)} schemes they could show something from '
      f'{own.needed} on; {best}, which is no finding.'
    )
  shown = [
    f'{k} (p = {v:.2g})' for k, v in own.p_holm.items() if v < stats.ALPHA
  ]
  listed = many.some(shown, 6) or 'no scheme'
  return f'By signed ranks {listed} differs from single; {best}.'


def improvement(found: Findings) -> str:
  """Says which row is most likely to win a run, and which intervals say so."""
  own = {k: v[SAME_SPLIT] for k, v in found.improvements.items()}
  best = max(own, key=lambda label: own[label].value)
  sure = [k for k, v in own.items() if v.low > 0.5]
  harm = [k for k, v in own.items() if v.high < 0.5]
  return (
    f'{best} is the most likely to beat single on the same split of one of '
    f'these data sets, with probability {probability(own[best])}; the interval '
    f'lies above .5 for {many.some(sure, 6) or "no row"} and below it for '
    f'{many.some(harm, 6) or "no row"}.'
  )


def p(value: float) -> str:
  """Formats a p-value."""
  return '<0.001' if value < 0.001 else f'{value:.3f}'


def probability(own: Estimate) -> str:
  """Formats a value with its interval."""
  return f'{own.value:.2f} [{own.low:.2f}, {own.high:.2f}]'
