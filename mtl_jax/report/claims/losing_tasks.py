"""Claim (e): is some task worse for sharing?"""

from __future__ import annotations

import math
from collections.abc import Sequence

from mtl_jax.report import many, stats
from mtl_jax.report.agreement import baseline, ordered
from mtl_jax.report.claims import forest, forewarned, one_family, wording
from mtl_jax.report.claims.claimed import (
  FAILS,
  HOLDS,
  UNDECIDED,
  Answer,
  Finding,
  overall,
)
from mtl_jax.report.claims.early_cosines import Early
from mtl_jax.report.claims.forewarned import Said
from mtl_jax.report.claims.lost_to_single import lost
from mtl_jax.report.layout import Table
from mtl_jax.report.results import Cell

CLAIM = 'interference'
WHAT, UNDER = 'loss to single', ' under '


def answer(
  cells: Sequence[Cell],
  early: Early | None = None,
  margin: float = stats.MARGIN,
) -> Answer:
  """Answers from what each task loses under each scheme.

  Args:
    cells: `single` among them, with all labels.
    early: what gradients said under one of the schemes; None if nothing.
    margin: of equivalence, as a share of the metric of `single`.

  Raises:
    InputError: the cells cannot be compared.
  """
  cells = [cell for cell in ordered(cells) if not cell.is_reference]
  base = baseline(cells)
  main = _findings(cells, base, margin)
  said = forewarned.said(early, cells) if early else Said()
  verdict = overall(main)
  return Answer(
    CLAIM,
    verdict,
    ' '.join([_sentence(verdict, main), *said.lines]),
    (*main, *said.findings),
    _table(main, said, cells),
    lambda path: forest.draw(_panels(main, said, cells), path, one_scale=True),
    (*_notes(base, len(main), margin), *said.notes),
  )


def _findings(cells, base: Cell, margin: float) -> list[Finding]:
  """One family of every task under every scheme."""
  losses = {
    f'{task.name}{UNDER}{cell.label}': [*lost(cell, base, task).values()]
    for cell in cells
    if not cell.is_baseline
    for task in cell.tasks
  }
  tested = one_family.judge(
    losses, base.test_over_train, 100 * margin, stats.PERCENT
  )
  return [
    Finding(
      row,
      WHAT,
      '%',
      *(one.mean, one.low, one.high, one.detectable),
      one_family.verdict(one, 1),
      one.seeds,
    )
    for row, one in tested.items()
  ]


def _sentence(verdict: str, main: list[Finding]) -> str:
  known = [one for one in main if math.isfinite(one.estimate)]
  if not known:
    return f'{verdict.capitalize()}: no task has a change in percent.'
  known.sort(key=lambda one: -one.estimate)
  shown = [_named(one) for one in known if one.verdict == HOLDS]
  kept = sum(one.verdict == FAILS for one in known)
  power = wording.would_show(known)
  could = f'; {power} would have been shown with 80 % power' if power else ''
  most = '' if shown else f'; the largest loss is {_named(known[0])}'
  return (
    f'{verdict.capitalize()}: of {len(known)} pairs of a task and a scheme, '
    f'{len(shown)} {"is" if len(shown) == 1 else "are"} worse than single'
    f'{f" ({many.some(shown, wording.MOST)})" if shown else ""}, {kept} better '
    f'or equivalent, the rest undecided{most}{could}.'
  )


def _named(one: Finding) -> str:
  return f'{one.row}, {wording.with_ends(one)}'


MARKS = {HOLDS: ' ▼', FAILS: ' =', UNDECIDED: ''}


def _table(main: list[Finding], said: Said, cells: Sequence[Cell]) -> Table:
  """Tasks are rows: there may be more of them than schemes."""
  by_row = {one.row: one for one in main}
  cosines = {one.row: one for one in said.findings if one.what == said.what}
  schemes = [cell.label for cell in cells if not cell.is_baseline]
  body = []
  for task in cells[0].tasks:
    own = [by_row[f'{task.name}{UNDER}{scheme}'] for scheme in schemes]
    entries = [wording.with_ends(one, unit=False) + _mark(one) for one in own]
    last = [cosines[task.name]] if task.name in cosines else []
    body.append([task.name, *entries, *map(wording.with_ends, last)])
  names = [f'{scheme}, %' for scheme in schemes]
  return Table(['loss of', *names, *([said.what] if cosines else [])], body)


def _mark(one: Finding) -> str:
  # What does not hold may be better as well as equivalent.
  better = one.verdict == FAILS and one.high < 0
  return ' ▲' if better else MARKS[one.verdict]


def _panels(main, said: Said, cells: Sequence[Cell]) -> list[forest.Panel]:
  """A panel per scheme, whose rows are the tasks, and one of the cosines."""
  tasks = [task.name for task in cells[0].tasks][: many.MOST]
  by_row = {one.row: one for one in main}
  panels = []
  for cell in cells:
    if not cell.is_baseline:
      own = [
        by_row[f'{task}{UNDER}{cell.label}']._replace(row=task)
        for task in tasks
      ]
      panels.append(forest.Panel(cell.label, '% of single, + worse', own))
  own = [o for o in said.findings if o.what == said.what and o.row in tasks]
  if own:
    panels.append(forest.Panel(said.what, 'cosine to the others', own))
  return panels


def _notes(base: Cell, count: int, margin: float) -> tuple[str, ...]:
  return (
    'Loss: change of the headline metric on the test split, in % of single; + '
    'is worse. Intervals of 95 % in brackets. ▼ worse, ▲ better, = equivalent '
    f'to within {100 * margin:.3g} %. The claim holds if a task is worse under '
    'a scheme; it does not if each is better or equivalent under each.',
    f'Test: {stats.named(base.test_over_train)}, Holm over all {count} '
    'pairs. They do not wait for Δm of their scheme, as the tasks of a table '
    'do: where one task loses what another gains, Δm shows nothing. So a '
    'verdict on a task can differ from that of performance.',
  )
