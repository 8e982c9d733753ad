"""The claim on interference: is some task worse for sharing?"""

import functools
import math
from collections.abc import Sequence

import numpy as np

from mtl_jax.report import many, stats
from mtl_jax.report.agreement import baseline
from mtl_jax.report.claims import dots, early_cosines, forewarned
from mtl_jax.report.claims.claimed import (
  FAILS,
  HOLDS,
  Answer,
  Finding,
  overall,
)
from mtl_jax.report.claims.early_cosines import Early
from mtl_jax.report.claims.judged import Judged, judge
from mtl_jax.report.claims.lost_to_single import lost
from mtl_jax.report.layout import Table, two_digits, with_interval
from mtl_jax.report.results import Cell

WHAT = 'loss to single'
Rows = dict[tuple[str, str], Judged]  # by (scheme, task)


def answer(
  cells: Sequence[Cell], early: Early | None, margin: float = stats.MARGIN
) -> Answer:
  """Answers the claim.

  Args:
    cells: `single` and the schemes, with all labels.
    early: what gradients of one of the schemes said; None if nothing did.
    margin: a smaller loss is none, as a share of single's metric.
  """
  base = baseline(cells)
  others = [c for c in cells if not (c.is_baseline or c.is_reference)]
  losses = {
    (cell.label, task.name): np.array([*lost(cell, base, task).values()])
    for cell in others
    for task in cell.tasks
  }
  rows = judge(losses, 100 * margin, stats.PERCENT, base.test_over_train)
  findings = _findings(rows)
  verdict = overall(findings)
  said = forewarned.said(early, cells) if early else None
  return Answer(
    'interference',
    verdict,
    ' '.join([_sentence(verdict, rows, margin), *(said.lines if said else [])]),
    (*findings, *(said.findings if said else ())),
    _table(rows, early),
    functools.partial(_draw, rows, early, 100 * margin),
    (*_notes(base, len(rows), margin), *(said.notes if said else ())),
  )


def _findings(rows: Rows) -> tuple[Finding, ...]:
  return tuple(
    Finding(
      f'{task} under {scheme}', WHAT, '%', own.mean, own.low, own.high,
      own.detectable, own.verdict, own.seeds,
    )
    for (scheme, task), own in _sorted(rows)
  )  # fmt: skip


def _sorted(rows: Rows) -> list:
  known = [item for item in rows.items() if math.isfinite(item[1].mean)]
  return sorted(known, key=lambda item: -item[1].mean)


def _sentence(verdict: str, rows: Rows, margin: float) -> str:
  shown = [(key, own) for key, own in _sorted(rows) if own.verdict == HOLDS]
  count = f'{len(rows)} pairs of a task and a scheme'
  if verdict == HOLDS:
    listed = [f'{t} under {s} ({_number(own)} %)' for (s, t), own in shown]
    return (
      f'{len(shown)} of {count} {"are" if len(shown) > 1 else "is"} worse than '
      f'single: {many.some(listed, 6)}.'
    )
  (scheme, task), most = next(iter(_sorted(rows)), (('–', '–'), None))
  if most is None:
    return 'No task has a change in percent, or only one seed is known.'
  top = f'the most loses {task} under {scheme}, {_number(most)} %'
  if verdict == FAILS:
    return f'None of {count} is worse by {100 * margin:g} % or more; {top}.'
  could = np.nanmedian([own.detectable for own in rows.values()])
  kept = sum(own.verdict == FAILS for own in rows.values())
  return (
    f'None of {count} is shown to be worse than single, and {kept} are shown '
    f'not to be by {100 * margin:g} % or more; {top}, and {two_digits(could)} '
    '% would be shown with 80 % power.'
  )


def _table(rows: Rows, early: Early | None) -> Table:
  schemes = [*dict.fromkeys(scheme for scheme, _ in rows)]
  tasks = [*dict.fromkeys(task for _, task in rows)]
  cosines = early_cosines.intervals(early) if early else {}
  name = [f'early cosine, {early.cell.label}'] if early else []
  body = []
  for task in tasks:
    entries = [_entry(rows[scheme, task]) for scheme in schemes]
    own = cosines.get(task)
    last = [with_interval(own.mean, own.low, own.high, '+')] if own else []
    body.append([task, *entries, *last])
  return Table(['loss to single, %', *schemes, *name], body)


def _entry(own: Judged) -> str:
  mark = {HOLDS: ' ▼', FAILS: ' ○'}.get(own.verdict, '')
  return _number(own) + mark


def _number(own: Judged) -> str:
  return with_interval(own.mean, own.low, own.high, '+')


def _draw(rows: Rows, early: Early | None, margin: float, path) -> None:
  schemes = [*dict.fromkeys(scheme for scheme, _ in rows)]
  tasks = [*dict.fromkeys(task for _, task in rows)]
  series = [
    dots.Series(
      scheme,
      {task: tuple(rows[scheme, task][:3]) for task in tasks},
      frozenset(t for t in tasks if rows[scheme, t].verdict == HOLDS),
    )
    for scheme in schemes
  ]
  label = f'{WHAT}, % (worse →)'
  panels = [dots.Panel(label, series, margin=margin)]
  if early:
    found = early_cosines.intervals(early)
    points = {t: (own.mean, own.low, own.high) for t, own in found.items()}
    title = f'early cosine to the others, {early.cell.label}'
    panels.append(dots.Panel(title, [dots.Series('', points)]))
  dots.draw(tasks, panels, path)


def _notes(base: Cell, count: int, margin: float) -> tuple[str, ...]:
  return (
    f'Loss: of the headline metric, in % of the mean of {base.label}, + is '
    f'worse; ± is half the 95 % interval over {base.repeats} '
    f'({stats.named(base.test_over_train)}). ▼ holds: the loss is above 0; ○ '
    f'does not hold: it is below {100 * margin:g} %; each p < 0.05 after Holm '
    f'over all {count} pairs.',
    'The tests do not wait for Δm as those of a table do: where one task loses '
    'what another gains, Δm shows nothing. So they share the level with more '
    'tests, and a verdict here can differ from that of the table.',
  )
