"""The parts of the report: an answer, how it came about, and a table."""

from collections.abc import Iterator
from typing import NamedTuple

from mtl_jax.report.joined import sentences
from mtl_jax.report.joined.findings import Findings
from mtl_jax.report.joined.ranking import Ranking
from mtl_jax.report.layout import MARKS, Table, with_interval
from mtl_jax.report.terminal import Sheet


class Section(NamedTuple):
  """One question; `figure` names its picture, '' if it has none."""

  title: str
  answer: str
  sheet: Sheet
  figure: str = ''
  caption: str = ''


def all_of(found: Findings) -> Iterator[Section]:
  """Yields the parts in the order of the page."""
  yield _deltas(found)
  yield _effects(found)
  if found.ranking:
    yield _ranks(found, found.ranking)
  yield _improvements(found)


def _deltas(found: Findings) -> Section:
  names = [own.name for own in found.joined.sets]
  table = found.deltas.set_index(['row', 'dataset'])
  body = [
    [label, *(_delta(table.loc[label, name]) for name in names)]
    for label in found.joined.labels
  ]
  above = [
    'Δm %, + is better: mean over tasks of the relative gain over single in '
    "the task's headline metric, ± half its 95 % interval. ▲ better, ▼ worse, "
    "= equivalent: the verdict of the data set's own table, corrected over all "
    'rows of it.'
  ]
  return Section(
    'Δm on each data set',
    sentences.deltas(found),
    Sheet(above, Table(['scheme', *names], body), []),
    'delta_m',
    'Δm with 95 % intervals; filled: better or worse after correction. '
    'Black circles: means over data sets; the dotted line is the interval of '
    'a new data set, and the frame cuts wide ones.',
  )


def _delta(row) -> str:
  number = with_interval(row['mean'], row['ci_low'], row['ci_high'], '+')
  return number + MARKS.get(row['verdict'], '')


def _effects(found: Findings) -> Section:
  header = ['scheme', 'Δm %', 'p', 'p (Holm)', 'verdict', 'τ %']
  body = []
  for label, own in found.effects.items():
    p_holm = found.p_holm[label]
    body.append(
      [
        label,
        sentences.mean(found, label),
        sentences.p(own.p_value),
        sentences.p(p_holm),
        found.verdict(label),
        f'{own.tau:.2g}',
        sentences.new_data_set(own),
      ]
    )
  above = [
    'Random effects: data sets have effects of their own, with standard '
    "deviation τ (REML); each counts by its table's corrected standard error "
    'and τ. ± is half the 95 % interval of Hartung and Knapp, never narrower '
    'than without their factor; Holm over all rows. Equivalent: two one-sided '
    f'tests against ±{found.margin:g} %.',
    f'The t of {len(found.joined.sets)} data sets has '
    f'{len(found.joined.sets) - 1} degrees of freedom, and the interval speaks '
    'of other data sets only if these were drawn from what you care about. '
    'The last column is the 95 % interval of Δm on one new data set.',
  ]
  table = Table([*header, 'on a new data set, %'], body)
  return Section(
    'Mean over data sets', sentences.effect(found), Sheet(above, table, [])
  )


def _ranks(found: Findings, own: Ranking) -> Section:
  means = own.ranked.mean(0)
  body = []
  for i in means.argsort(kind='stable'):
    label = own.labels[i]
    tests = [own.p_values.get(label), own.p_holm.get(label)]
    body.append(
      [
        label,
        f'{means[i]:.2f}',
        *(f'{rank:g}' for rank in own.ranked[:, i]),
        *('–' if p is None else sentences.p(p) for p in tests),
      ]
    )
  names = [s.name for s in found.joined.sets]
  header = ['scheme', 'mean rank ↓', *names, 'signed-rank p', 'p (Holm)']
  test = own.friedman
  alike = '; '.join(', '.join(group) for group in own.groups) or 'none'
  above = [
    'Ranks by Δm on each data set, 1 is the best; linear models and trees are '
    "not ranked. Wilcoxon's signed-rank test of Δm against single, Holm over "
    'the schemes (Benavoli et al. 2016).',
    f'Friedman (Demšar 2006): χ² = {test.chi2:.2f}, F = {test.f:.2f}, p = '
    f'{test.p_value:.2g} by permutation; Nemenyi: mean ranks nearer than '
    f'{own.difference:.2f} are not shown to differ: {alike}. Nemenyi is an '
    'approximation for some ten data sets or more'
    + ('.' if own.asymptotic else ', and no verdict here.'),
  ]
  return Section(
    'Ranks',
    sentences.ranking(own),
    Sheet(above, Table(header, body), []),
    'critical_difference',
    'Mean ranks over data sets. Bars join those that differ by less than the '
    'critical difference.',
  )


def _improvements(found: Findings) -> Section:
  first = next(iter(found.improvements.values()))
  body = []
  for label, estimates in found.improvements.items():
    *chances, middle = estimates.values()
    body.append(
      [
        label,
        *map(sentences.probability, chances),
        f'{middle.value:+.2f} [{middle.low:+.2f}, {middle.high:+.2f}]',
      ]
    )
  above = [
    'P(X > Y): probability that a run of the scheme beats a run of single, by '
    'the mean over tasks of the headline metrics relative to those of single; '
    'mean over data sets (Agarwal et al. 2021). Any runs are of different '
    'splits as well, whose luck pulls it to .5. IQM of Δm, in %: mean of the '
    'middle half of the runs of all data sets.',
    '95 % intervals of a bootstrap of seeds within data sets, widened for '
    'resplits, which overlap (Nadeau and Bengio 2003); those of probabilities '
    "are never narrower than Wilson's. They speak of these "
    'data sets, not of others, and are not corrected for the number of rows.',
  ]
  table = Table(['scheme', *first], body)
  return Section(
    'Probability of improvement',
    sentences.improvement(found),
    Sheet(above, table, []),
  )
