"""Which measures predict what sharing does, from when on, at what cost."""

from collections.abc import Sequence

import pandas as pd

from mtl_jax.report import stats, terminal
from mtl_jax.report.layout import Table, human
from mtl_jax.report.terminal import Sheet
from mtl_jax.report.validity import pair_measures, sentences
from mtl_jax.report.validity.correlations import DRAWN, Judged, Validity
from mtl_jax.report.validity.regrets import REFERENCES, WHOLE

MARKS = {'predicts': ' ▲', 'misleads': ' ▼', stats.UNDECIDED: ''}
# The trainings that a chooser needs, unless it is all tasks together once.
NEEDS = {
  'validation': 'every group',
  'pairs': 'every pair',
  'cka of single': 'every task alone',
  'rsa of single': 'every task alone',
  'random': 'nothing',
  'known cosine': 'nothing: it is how the worlds were drawn',
}


def page(judged: Sequence[Judged], result: Validity) -> str:
  """Formats the whole page, as Markdown.

  Args:
    judged: the sets of tasks.
    result: what was computed of them.

  Returns:
    Markdown.
  """
  names = list(dict.fromkeys(result.correlations['tasks']))
  # What stands for many worlds comes first.
  names.sort(key=lambda name: name != DRAWN)
  grouped = [n for n in names if (result.regrets['tasks'] == n).any()]
  parts = [
    '# Can measures of interference be trusted?\n',
    '\n'.join(
      f'- {line}' for line in [*_how(judged), *sentences.answers(result)]
    )
    + '\n',
    '![correlations](correlations.png)\n\n![regrets](regrets.png)\n',
    *(f'## {name}\n\n{_correlations(result, name)}' for name in names),
    *(f'## Groupings: {name}\n\n{_regrets(result, name)}' for name in grouped),
    f'## Costs\n\n{_costs(result)}',
  ]
  return '\n'.join(parts)


def _how(judged: Sequence[Judged]) -> list[str]:
  first = judged[0].transfer
  sets = ', '.join(
    f'{j.name} ({len(j.transfer.names)} tasks, {len(j.transfer.base.setting)} '
    f'{j.transfer.base.repeats})'
    for j in judged
  )
  steps = first.base.header['comparable']['steps']
  return [
    f'Sets of tasks: {sets}. Every group of tasks was trained by hard sharing '
    f'and every task alone, {steps:,} steps in the first set; the gain of a '
    'task is in % of its headline on test.',
    'Within every seed a measure ranks the ordered pairs of tasks (i helps j), '
    "and Spearman's correlation compares this with the gains of the pairs; "
    'given is the mean over seeds ± half its 95 % interval. ▲ predicts, ▼ '
    'misleads: the mean is not 0 after Holm over all lines of '
    f'correlations.csv, else {stats.UNDECIDED}. Seeds of drawn worlds are '
    'independent, and pooled; where seeds are resplits of one table, intervals '
    'are widened as those of test errors are (Nadeau and Bengio), by '
    'convention: for correlations with measures on training rows nothing is '
    'derived.',
    'Measures are of all tasks trained together, on raw gradients of shared '
    'parameters, with the sign by which more should help: 0.5 minus the '
    'conflict rate, the negative of the curvature bound. A gain of one '
    'training is noisy, which takes from every correlation; known cosine, the '
    'similarity that the worlds were made with, shows what is left.',
  ]


def _correlations(result: Validity, name: str) -> str:
  own = result.correlations[result.correlations['tasks'] == name]
  # In the order of time; '' is what does not depend on training.
  whens = [*pair_measures.WHEN, 'end', '']
  whens = [when for when in whens if (own['when'] == when).any()]
  table = own.set_index(['measure', 'when'])
  body = [
    [
      measure,
      *(_entry(table, measure, when) for when in whens),
    ]
    for measure in dict.fromkeys(own['measure'])
  ]
  header = ['measure', *(when or 'as drawn' for when in whens)]
  seeds = f'Mean over {own["n"].max()} seeds; – is not known.'
  return terminal.markdown(Sheet([seeds], Table(header, body), []))


def _entry(table: pd.DataFrame, measure: str, when: str) -> str:
  if (measure, when) not in table.index:
    return ''
  row = table.loc[measure, when]
  return sentences.rho(row) + MARKS[row['verdict']]


def _regrets(result: Validity, name: str) -> str:
  own = result.regrets[result.regrets['tasks'] == name]
  budgets = list(dict.fromkeys(own['budget']))
  shown = own[own['when'].isin(WHOLE)]
  table = shown.set_index(['measure', 'budget'])
  chosen = list(dict.fromkeys(shown['measure']))
  chosen.sort(key=lambda m: m not in REFERENCES)
  body = []
  for measure in chosen:
    rows = [table.loc[measure, budget] for budget in budgets]
    entries = [
      entry for row in rows for entry in (_gain(row), sentences.over(row))
    ]
    body.append([measure, NEEDS.get(measure, 'all together, once'), *entries])
  header = ['chosen by', 'trains']
  for budget in budgets:
    header += [f'{budget} networks: gain %', 'over random']
  above = [
    'The mean gain over tasks of the grouping that each chooses in every seed, '
    'by what is known of that seed alone, judged by its test rows, and '
    'what that is more than at random, the mean over all partitions into so '
    'many groups, ± half the 95 % interval over seeds. Measures are means over '
    'all probes; others, and regrets, are in regrets.csv.'
  ]
  return terminal.markdown(Sheet(above, Table(header, body), []))


def _gain(row: pd.Series) -> str:
  return f'{row["gain"]:+.2f}'


def _costs(result: Validity) -> str:
  header = ['tasks', 'number', 'probes', 'ms of a probe', 'in steps', 'adds']
  header += ['ms of Grad-TAG', 'adds']
  body = [
    [
      cost['tasks'],
      str(cost['num_tasks']),
      str(cost['looks']),
      human(cost['look_ms']),
      human(cost['look_in_steps']),
      f'{cost["share_of_training"]:.0%}',
      human(cost['grad_tag_ms']),
      f'{cost["grad_tag_share"]:.0%}',
    ]
    for cost in result.costs
  ]
  above = [
    'One probe of one run: gradients of all tasks on every batch of it, their '
    'products by module, a look-ahead step per task, and the curvature. '
    'Grad-TAG is made once, after the training: the gradients of predictions '
    'in random directions, and a regression per subset of tasks.'
  ]
  return terminal.markdown(Sheet(above, Table(header, body), []))
