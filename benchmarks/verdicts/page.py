"""The page of the simulated tables."""

import pandas as pd
from scipy.stats import binom

from mtl_jax.report import stats

WRONG = (
  'copies: a difference found',
  'one task differs: another found',
  'at the margin: called equivalent',
)
RIGHT = ('at the smallest shown: found', 'copies: Delta_m called equivalent')
COVERAGE = (
  'coverage of Delta_m',
  'coverage of a difference',
  'coverage of a mean',
  'coverage of Delta_m without the correction',
)
NEAR = 0.015  # of a coverage to 95 %
HEAD = """# Simulated verdicts

`python -m benchmarks.verdicts` draws tables whose truth is known and counts
what the statistics of `report/` say about them: {tables} tables of 24 rows, 4
tasks and 30 seeds per kind of split and learner, of which smaller tables are
parts. {seconds:.0f} s. `verdicts.csv` has every number.

A world is 100 independent units. Every model sees noisy features of its own,
fits a least-squares line on the units of training and is measured by its RMSE
on 20 units of test; the models of a world are exchangeable, so that no two
differ in truth. *Resplits* deal the same 100 units again for each seed, so that
training and test sets overlap as they do in an experiment. On a *fixed* split
all models are one, and differ by a noise of training that is drawn per seed.
Learners: *stable* (2 coefficients, 60 units of training and 20 of validation,
which are dealt and not used), *unstable* (6 coefficients, likewise) and *no
validation* (2 coefficients, 80 units of training).

Known effects are added to a model's metrics, as a share of the baseline's
mean, so that its relative gain is exactly that. *Copies*: nothing differs.
*One task differs*: in every row one task is better by far, so that all gates
are open, and no other task differs. *At the margin*: every task of every row is
better by exactly the margin, the worst case for *equivalent*; the margin is 1.5
times the smallest difference shown, where equivalence of copies is found often.
*At the smallest shown*: one row is better by the difference that its table says
it would show with 80 % power.
"""
TABLES = """## Wrong verdicts, % of tables

Any wrong *better* or *worse* (first two), any wrong *equivalent* (third), in
Δm or in any task. At most {most:.1f} % in all {n} settings; of counts with a
true share of 5 %, one in a thousand is above {chance:.1f} %.
"""
ROWS = """## Right verdicts, % of rows

"""
COVERS = """## Coverage of 95 % intervals, %

{sentence}
"""


def markdown(frame: pd.DataFrame, seconds: float) -> str:
  """Returns the page.

  Args:
    frame: lines of `counts.rows_of`.
    seconds: that the simulation took.
  """
  tables = int(frame['tables'].iloc[0])
  wrong = frame[frame['question'].isin(WRONG)]
  most = 100 * wrong['share'].max()
  chance = 100 * binom.ppf(0.999, tables, stats.ALPHA) / tables
  return '\n'.join(
    [
      HEAD.format(tables=tables, seconds=seconds),
      TABLES.format(most=most, n=len(wrong) // len(WRONG), chance=chance),
      _table(frame, WRONG),
      ROWS + _power(frame),
      _table(frame, RIGHT),
      COVERS.format(sentence=_coverage(frame)),
      _table(frame, COVERAGE),
    ]
  )


def _power(frame: pd.DataFrame) -> str:
  """What the promise of 80 % power came to."""
  own = frame[frame['question'] == RIGHT[0]].set_index('split')['share']
  spans = [
    f'{100 * part.min():.0f} to {100 * part.max():.0f} % on {name} splits'
    for name, part in own.groupby(level=0, sort=False)
  ]
  return (
    'A row that differs by the smallest difference shown, of which the table '
    f'says 80 %, was found in {" and ".join(spans)}.\n'
  )


def _coverage(frame: pd.DataFrame) -> str:
  """Where coverage is within `NEAR`, and where it is not and by how much."""
  own = frame[frame['question'].isin(COVERAGE[:3])]
  lines = []
  for keys, part in own.groupby(['split', 'learner'], sort=False):
    away = part['share'] - stats.LEVEL
    low, high = 100 * away.min(), 100 * away.max()
    inside = (away.abs() <= NEAR).all()
    word = 'within 1.5 points' if inside else 'not all within 1.5 points'
    lines.append(f'- {", ".join(keys)}: {word} ({low:+.1f} to {high:+.1f})')
  return '\n'.join(lines) + '\n\n' + REASON


REASON = (
  'Where units of validation are dealt and not trained on, the corrected '
  'intervals are too wide, the more so with more seeds: two test sets then '
  'have fewer units in common than n_test / n_train stands for. Without units '
  'of validation the correction is about right. A plain paired t interval '
  '(last column) is far too narrow on resplits.'
)


def _table(frame: pd.DataFrame, questions: tuple[str, ...]) -> str:
  chosen = frame[frame['question'].isin(questions)]
  wide = chosen.pivot_table(
    index=['split', 'learner', 'seeds', 'rows'],
    columns='question',
    values='share',
    sort=False,
  )[list(questions)]
  header = [*wide.index.names, *questions]
  lines = [header, ['--:'] * len(header)]
  for keys, values in zip(wide.index, wide.to_numpy(), strict=True):
    lines.append([*map(str, keys), *(f'{100 * v:.1f}' for v in values)])
  return '\n'.join(f'| {" | ".join(line)} |' for line in lines) + '\n'
