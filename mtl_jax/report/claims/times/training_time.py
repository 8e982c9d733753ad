"""Claim (b): does one shared model take less training?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mtl_jax.report import stats
from mtl_jax.report.agreement import baseline, ordered
from mtl_jax.report.claims import forest, one_family
from mtl_jax.report.claims.claimed import (
  FAILS,
  HOLDS,
  UNDECIDED,
  Answer,
  Finding,
  overall,
)
from mtl_jax.report.claims.one_family import Tested
from mtl_jax.report.claims.times import reached, time_table
from mtl_jax.report.claims.times.reached import Reached
from mtl_jax.report.compare.counts import valid_over_train
from mtl_jax.report.results import Cell

CLAIM = 'training_time'
FLOPS, STEPS, SECONDS = (
  f'{unit} to the quality of single' for unit in ('FLOPs', 'steps', 'seconds')
)
COMMON = 'FLOPs to a quality that both reach'


class Timed(NamedTuple):
  """One scheme.

  Attributes:
    cell: the scheme's.
    single: steps to the quality of `single`.
    common: steps to the quality that both reach.
    flops: of one of its steps, over those of one of `single`.
    seconds: likewise.
  """

  cell: Cell
  single: Reached
  common: Reached
  flops: float
  seconds: float

  @property
  def rarely(self) -> bool:
    """Whether half of the seeds or more never reach the quality of single."""
    return bool(2 * self.single.never.sum() >= self.single.never.size)


def answer(cells: Sequence[Cell]) -> Answer:
  """Answers from the cost of training up to the quality of `single`.

  The verdict is on FLOPs: a step of a scheme costs other than one of `single`,
  and seconds are those of one machine. It holds for a scheme that is shown to
  take less to the quality of `single`, which more than half of its seeds reach
  and the others are no gain; it does not for one that is shown to take more to
  the quality that both reach.

  Args:
    cells: `single` among them.

  Raises:
    InputError: the cells cannot be compared.
  """
  cells = ordered(cells)
  base = baseline(cells)
  timed = [_timed(c, base) for c in cells if not c.is_baseline]
  findings = _findings(timed, valid_over_train(base))
  main = [one for one in findings if one.what == FLOPS]
  verdict = overall(main)
  costs = [one for t in timed for one in time_table.costs(t.cell, base)]
  return Answer(
    CLAIM,
    verdict,
    time_table.sentence(verdict, timed, main, costs),
    (*findings, *costs),
    time_table.table(timed, (*findings, *costs), base),
    lambda path: forest.draw(_panels(findings), path),
    time_table.notes(base, stats.named(base.test_over_train)),
    _power(main, timed),
  )


def _power(main: Sequence[Finding], timed: list[Timed]) -> str:
  if any(math.isfinite(one.detectable) for one in main):
    return ''  # The numbers say it.
  rare = timed and all(one.rarely for one in timed)
  return 'nothing' if rare else ''


def _timed(cell: Cell, base: Cell) -> Timed:
  return Timed(
    cell,
    reached.to_single(cell, base),
    reached.to_common(cell, base),
    time_table.over(cell, base, 'flops_per_step'),
    1 / time_table.over(cell, base, 'steps_per_second'),
  )


def _findings(timed: list[Timed], overlap: float | None) -> list[Finding]:
  """Ratios of every scheme: FLOPs, steps, seconds; FLOPs to both's quality."""
  kinds = {
    FLOPS: {t.cell.label: t.single.ratios * t.flops for t in timed},
    STEPS: {t.cell.label: t.single.ratios for t in timed},
    SECONDS: {t.cell.label: t.single.ratios * t.seconds for t in timed},
    COMMON: {t.cell.label: t.common.ratios * t.flops for t in timed},
  }
  tested = {
    what: one_family.judge(
      {row: np.log(ratios) for row, ratios in own.items()}, overlap
    )
    for what, own in kinds.items()
  }
  # A cheap step would make a gain of a budget at which nothing was reached.
  sure = one_family.judge(
    {t.cell.label: np.log(t.single.at_least(t.flops)) for t in timed}, overlap
  )
  found = [
    _finding(row, what, one)
    for what, own in tested.items()
    for row, one in own.items()
  ]
  by_row = {t.cell.label: t for t in timed}
  return [
    one
    if one.what == COMMON
    else _bound(
      by_row[one.row], _judged(by_row[one.row], one, sure, tested[COMMON])
    )
    for one in found
  ]


def _judged(timed: Timed, one: Finding, sure, common) -> Finding:
  """Gives FLOPs to the quality of single their verdict and power."""
  if one.what != FLOPS:
    return one
  size = 1 - math.exp(-sure[one.row].detectable)
  verdict = _verdict(timed, sure[one.row], common[one.row])
  return one._replace(verdict=verdict, detectable=size)


def _bound(timed: Timed, one: Finding) -> Finding:
  """Marks a lower bound, since some seeds never get there."""
  if not timed.single.never.any():
    return one
  one = one._replace(beyond='>=>')
  # With most seeds the upper end is not known.
  return (
    one._replace(high=math.nan, detectable=math.nan) if timed.rarely else one
  )


def _verdict(timed: Timed, single: Tested, common: Tested) -> str:
  if one_family.verdict(single, -1) == HOLDS and not timed.rarely:
    return HOLDS
  # A level that `single` alone is sure to reach shows no loss, see `to_single`.
  return FAILS if one_family.verdict(common, -1) == FAILS else UNDECIDED


def _finding(row: str, what: str, tested: Tested) -> Finding:
  """From logarithms to ratios."""
  size = 1 - math.exp(-tested.detectable)
  ends = (math.exp(x) for x in (tested.mean, tested.low, tested.high))
  return Finding(row, what, 'ratio', *ends, size, seeds=tested.seeds)


def _panels(findings: list[Finding]) -> list[forest.Panel]:
  def panel(what: str, title: str) -> forest.Panel:
    own = [one for one in findings if one.what == what]
    return forest.Panel(title, 'of single, ← less', own)

  return [
    panel(FLOPS, 'FLOPs to single’s quality'),
    panel(STEPS, 'steps'),
    panel(SECONDS, 'seconds'),
    panel(COMMON, 'FLOPs to both’s quality'),
  ]
