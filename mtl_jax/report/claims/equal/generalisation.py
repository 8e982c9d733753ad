"""Claim (c): does sharing generalise better, at equal training loss?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from mtl_jax.report import many, stats
from mtl_jax.report.agreement import baseline, ordered
from mtl_jax.report.claims import one_family, wording
from mtl_jax.report.claims.claimed import (
  FAILS,
  HOLDS,
  UNDECIDED,
  Answer,
  Finding,
  overall,
)
from mtl_jax.report.claims.equal import equal_loss, equal_loss_figure
from mtl_jax.report.claims.equal.equal_loss import AtEqual
from mtl_jax.report.claims.one_family import Tested
from mtl_jax.report.compare.counts import valid_over_train
from mtl_jax.report.compare.curve_columns import gap
from mtl_jax.report.layout import Table
from mtl_jax.report.results import Cell

CLAIM = 'generalisation'
LOSS = 'held-out loss at equal training loss'
FALL = 'of single’s fall in training loss'
KEPT = 'test over training loss, as kept'


def answer(cells: Sequence[Cell], margin: float = stats.MARGIN) -> Answer:
  """Answers from held-out losses where training losses are equal.

  At equal steps a scheme that learns more slowly has a smaller gap without
  generalising better.

  Args:
    cells: `single` among them.
    margin: of equivalence, as a share of the held-out loss of `single`.

  Raises:
    InputError: the cells cannot be compared.
  """
  cells = ordered(cells)
  base = baseline(cells)
  found = {
    cell.label: equal_loss.by_task(cell, base)
    for cell in cells
    if not cell.is_baseline
  }
  main, tasks = _findings(found, valid_over_train(base), margin)
  falls = [_fall(row, own) for row, own in found.items()]
  gaps = [_gap(cell) for cell in cells]
  verdict = overall(main)
  return Answer(
    CLAIM,
    verdict,
    _sentence(verdict, main),
    (*main, *tasks, *falls, *gaps),
    _table(main, tasks, falls, gaps, cells),
    lambda path: equal_loss_figure.draw(cells, main, path),
    _notes(base, margin),
  )


def _findings(
  found: Mapping[str, Mapping[str, Mapping[int, AtEqual]]],
  overlap: float | None,
  margin: float,
) -> tuple[list[Finding], list[Finding]]:
  """The mean over tasks, tested; and each task, which only describes."""
  tested = one_family.judge(
    {row: _means(own) for row, own in found.items()},
    overlap,
    math.log1p(margin),
  )
  main = [
    _finding(row, LOSS, one, one_family.verdict(one, -1))
    for row, one in tested.items()
  ]
  tasks = []
  for row, own in found.items():
    for task, by_seed in own.items():
      values = [_log_ratio(one) for one in by_seed.values()]
      (one,) = one_family.judge({row: values}, overlap).values()
      tasks.append(_finding(row, f'{task} {LOSS}', one, ''))
  return main, tasks


def _means(own: Mapping[str, Mapping[int, AtEqual]]) -> list[float]:
  """Of every seed: the mean logarithm of ratios, over the tasks that have one.

  A seed in which a task has none is left out, since tasks differ in level.
  """
  known = [by_seed for by_seed in own.values() if by_seed]
  seeds = set.intersection(*map(set, known)) if known else set()
  return [
    float(np.mean([_log_ratio(by_seed[seed]) for by_seed in known]))
    for seed in sorted(seeds)
  ]


def _log_ratio(one: AtEqual) -> float:
  return math.log(one.own / one.base)


def _finding(row: str, what: str, tested: Tested, verdict: str) -> Finding:
  """From logarithms to percent of single; - is a smaller loss."""
  ends = (100 * math.expm1(x) for x in (tested.mean, tested.low, tested.high))
  size = -100 * math.expm1(-tested.detectable)
  return Finding(row, what, '%', *ends, size, verdict, tested.seeds)


def _fall(row: str, own: Mapping[str, Mapping[int, AtEqual]]) -> Finding:
  falls = [one.fall for by_seed in own.values() for one in by_seed.values()]
  mean = 100 * float(np.mean(falls)) if falls else math.nan
  return Finding(row, FALL, '%', mean)


def _gap(cell: Cell) -> Finding:
  ratio = gap(cell)
  return Finding(
    cell.label, KEPT, 'ratio', math.nan if ratio is None else ratio
  )


def _sentence(verdict: str, main: list[Finding]) -> str:
  words = {HOLDS: 'lower', FAILS: 'higher, or equal', UNDECIDED: 'undecided'}
  parts = []
  for kind, word in words.items():
    if listed := wording.rows_with(main, kind, numbers=kind != UNDECIDED):
      parts.append(f'{word}: {listed}')
  return (
    f'{wording.opening(verdict)}. At equal training loss the held-out loss, '
    f'mean over tasks, against that of single is {"; ".join(parts)}'
    f'{wording.power(main)}.'
  )


def _table(main, tasks, falls, gaps, cells: Sequence[Cell]) -> Table:
  names = (
    [] if many.too_many(cells[0].tasks) else [t.name for t in cells[0].tasks]
  )
  kept = {one.row: wording.number(one.estimate, 'ratio') for one in gaps}
  body = [['single', '0', *['0'] * len(names), '–', kept['single'], '–']]
  for one, fall in zip(main, falls, strict=True):
    own = {f.what: f for f in tasks if f.row == one.row}
    entries = [wording.with_ends(own[f'{n} {LOSS}'], unit=False) for n in names]
    reached = wording.number(fall.estimate, sign=False)
    first = wording.with_ends(one, unit=False)
    body.append([one.row, first, *entries, reached, kept[one.row], one.verdict])
  smallest = wording.would_show(main).removesuffix(' %') or '–'
  body.append(['would be shown', smallest, *['–'] * (len(names) + 3)])
  titles = [f'{name}, %' for name in names]
  return Table(
    ['scheme', 'all tasks, %', *titles, 'fall, %', 'test/train', 'verdict'],
    body,
  )


def _notes(base: Cell, margin: float) -> tuple[str, ...]:
  return (
    'The held-out loss of a scheme against single in % (geometric mean over '
    'tasks and seeds; - is lower, better), at the lowest training loss that '
    'both reach at this seed in this task, where each first reaches it. '
    'Intervals of 95 % in brackets; tasks are described, not tested.',
    'Held-out rows are those of validation: nothing is chosen on them here, '
    'and the test split is read once, for the parameters that were kept.',
    'Training losses are means over the steps between two evaluations, with '
    'dropout where there is some and without penalties; held-out losses are '
    'means of the evaluations at both ends, without dropout. Both are averaged '
    f'over up to {equal_loss.SMOOTH} intervals. Of the first interval '
    'the evaluation at its end counts.',
    'fall: how much of its own fall in training loss single had made there, '
    'mean over tasks and seeds; far below 100 the scheme does not fit its '
    'training rows as single does. test/train: test loss over training loss at '
    'the parameters that were kept; it mixes fit and generalisation.',
    'The figure: the change, all tasks together; then a panel per task with '
    'means over seeds, where every seed has that training loss.',
    f'Test: {stats.named(base.test_over_train)}, of validation over '
    'training units, Holm over schemes. What is shown to '
    f'lie within {100 * margin:.3g} % counts as equal, and as not holding: '
    'losses between evaluations are interpolated.',
  )
