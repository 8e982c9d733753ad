"""Claim (a): are tasks that share parameters predicted better?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from mtl_jax.report import many, stats
from mtl_jax.report.agreement import baseline, ordered
from mtl_jax.report.claims import forest, wording
from mtl_jax.report.claims.claimed import (
  FAILS,
  HOLDS,
  UNDECIDED,
  Answer,
  Finding,
  overall,
)
from mtl_jax.report.compare import rows
from mtl_jax.report.compare.deltas import primary
from mtl_jax.report.layout import MARKS, Table
from mtl_jax.report.results import Cell

CLAIM, DELTA = 'performance', 'Δm'
WORDS = {
  stats.BETTER: HOLDS,
  stats.WORSE: FAILS,
  stats.EQUIVALENT: FAILS,
  stats.UNDECIDED: UNDECIDED,
}


def answer(cells: Sequence[Cell], margin: float = stats.MARGIN) -> Answer:
  """Answers from Delta_m of the schemes, and tells what became of each task.

  The numbers and verdicts are those of the table of `experiments.compare`.

  Args:
    cells: `single` among them.
    margin: of equivalence, see `rows.rows`.

  Raises:
    InputError: the cells cannot be compared.
  """
  cells = ordered(cells)
  frame = rows.rows(cells, margin)
  heads = frame.drop_duplicates(['scheme', 'balancer', 'task'])
  base = heads[heads['scheme'] == 'single'].set_index('task')
  heads = heads[heads['scheme'] != 'single']
  own = [(row, _finding(row, base)) for _, row in heads.iterrows()]
  delta = [finding for row, finding in own if row['task'] == 'ALL']
  tasks = [finding for row, finding in own if row['task'] != 'ALL']
  verdict = overall(delta)
  return Answer(
    CLAIM,
    verdict,
    _sentence(verdict, delta, heads),
    (*delta, *tasks),
    _table(own, cells),
    lambda path: forest.draw(_panels(delta, tasks, cells), path),
    _notes(cells, margin),
  )


def _finding(row: pd.Series, base: pd.DataFrame) -> Finding:
  """A row of the table as a finding, in percent, + is better."""
  delta = row['task'] == 'ALL'
  scale = 1.0 if delta else _percent(row, base.loc[row['task']])
  ends = sorted(scale * row[n] for n in ('diff_ci_low', 'diff_ci_high'))
  what = DELTA if delta else f'{row["task"]} {row["metric"]}'
  return Finding(
    row['scheme'],
    what,
    '%',
    scale * row['diff'],
    *ends,
    abs(scale) * row['detectable'],
    WORDS[row['verdict']],
    int(row['n_seeds']),
  )


def _percent(row: pd.Series, base: pd.Series) -> float:
  """What a difference is multiplied by to be a gain in % of `single`."""
  level = abs(base['mean'])
  if not level >= stats.NEAR_ZERO:
    return math.nan
  return (100 if row['higher_is_better'] else -100) / level


def _sentence(verdict: str, delta: list[Finding], heads: pd.DataFrame) -> str:
  kinds = heads[heads['task'] == 'ALL'].set_index('scheme')['verdict']
  parts = []
  for kind in (stats.BETTER, stats.WORSE, stats.EQUIVALENT, stats.UNDECIDED):
    # `rows_with` takes what is in the field `verdict`.
    own = [one._replace(verdict=kinds[one.row]) for one in delta]
    numbers = kind in (stats.BETTER, stats.WORSE)
    if listed := wording.rows_with(own, kind, numbers):
      parts.append(f'{kind}: {listed}')
  counts = heads[heads['task'] != 'ALL']['verdict'].value_counts()
  tasks = ', '.join(f'{counts.get(kind, 0)} {kind}' for kind in WORDS)
  return (
    f'{wording.opening(verdict)}. Δm against single is '
    f'{"; ".join(parts)}{wording.power(delta)}. '
    f'Of {counts.sum()} pairs of a scheme and a task, {tasks}.'
  )


def _table(own: list, cells: Sequence[Cell]) -> Table:
  by_row: dict[str, dict[str, str]] = {}
  for row, finding in own:
    entry = wording.with_ends(finding, unit=False)
    entry += MARKS.get(row['verdict'], '')
    by_row.setdefault(finding.row, {})[row['task']] = entry
  tasks = [] if many.too_many(cells[0].tasks) else cells[0].tasks
  titles = [f'{task.name} {task.metrics[0][0]}, %' for task in tasks]
  smallest = ['would be shown']
  for name in ('ALL', *(task.name for task in tasks)):
    findings = [f for row, f in own if row['task'] == name]
    smallest.append(wording.would_show(findings).removesuffix(' %') or '–')
  body = [
    [name, *(entries[t] for t in ('ALL', *(task.name for task in tasks)))]
    for name, entries in by_row.items()
  ]
  return Table(['scheme', f'{DELTA}, %', *titles], [*body, smallest])


def _panels(
  delta: list[Finding], tasks: list[Finding], cells: Sequence[Cell]
) -> list[forest.Panel]:
  panels = [forest.Panel(f'{DELTA}, all tasks', '% of single, + better', delta)]
  if many.too_many(cells[0].tasks):
    return panels
  for what in dict.fromkeys(one.what for one in tasks):
    own = [one for one in tasks if one.what == what]
    if np.isfinite([one.estimate for one in own]).any():
      panels.append(forest.Panel(what, '% of single, + better', own))
  return panels


def _notes(cells: Sequence[Cell], margin: float) -> tuple[str, ...]:
  base = baseline(cells)
  names = [task.name for task in primary(base)]
  counted = f' of {", ".join(names)}' if len(names) < len(base.tasks) else ''
  return (
    f'Δm{counted}: mean over tasks of the change of the headline metric on the '
    'test split, in % of single; + is better. Intervals of 95 % in brackets. '
    'Numbers and verdicts are those of `experiments.compare`.',
    '▲ better, ▼ worse, = equivalent to within '
    f'{100 * margin:.3g} % of single. '
    f'Test: {stats.named(base.test_over_train)}; schemes share the '
    'level of 5 %, and tasks are tested behind Δm of their scheme. The claim '
    'holds if a scheme is better; it does not if each is worse or equivalent.',
  )
