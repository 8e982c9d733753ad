"""Did early gradients say which tasks would lose? In words and numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mtl_jax.report import stats
from mtl_jax.report.agreement import baseline
from mtl_jax.report.claims import early_cosines, wording
from mtl_jax.report.claims.claimed import Finding
from mtl_jax.report.claims.early_cosines import Early, Ranked
from mtl_jax.report.claims.lost_to_single import lost
from mtl_jax.report.results import Cell

RANKED = 'rank correlation of early cosine and gain'


class Said(NamedTuple):
  """What early gradients said.

  Attributes:
    what: is the quantity of each task.
    lines: sentences of the answer.
    findings: of each task, then of the correlation.
    notes: how it was measured.
  """

  what: str = ''
  lines: tuple[str, ...] = ()
  findings: tuple[Finding, ...] = ()
  notes: tuple[str, ...] = ()


def said(early: Early, cells: Sequence[Cell]) -> Said:
  """Compares early cosines with what the tasks gained under that scheme.

  Args:
    early: of one scheme.
    cells: that scheme's among them, and the baseline.
  """
  base = baseline(cells)
  cell = next(c for c in cells if c.label == early.cell.label)
  seeds = [run.seed for run in early.cell.completed]
  losses = [lost(cell, base, task) for task in cell.tasks]
  gains = [[-own.get(seed, math.nan) for seed in seeds] for own in losses]
  found = early_cosines.ranked(
    np.array([*early.cosines.values()]),
    np.array(gains, float),
    base.test_over_train,
  )
  what = f'early cosine under {cell.label}'
  findings = _findings(early, what, found)
  line = _line(cell.label, findings, found)
  return Said(what, (line,), findings, _notes(early))


def _line(scheme: str, findings: Sequence[Finding], found: Ranked) -> str:
  begin = f'Early gradients under {scheme}'
  if found.tasks < 3:
    cosine = wording.with_ends(findings[0])
    return (
      f'{begin} have a cosine of {cosine}; {found.tasks} tasks are too few for '
      'a rank correlation with their gains.'
    )
  if math.isnan(found.value):
    return f'{begin}: their cosines or the gains do not differ between tasks.'
  return (
    f'{begin} {_shown(found)}: over {found.tasks} tasks the rank correlation '
    'of the mean cosine to the others with the gain is '
    f'{wording.with_ends(findings[-1])}, p = {found.p_value:.2g}'
    f'{_few(found)}.'
  )


def _shown(found: Ranked) -> str:
  if not found.p_value < stats.ALPHA:
    return 'are not shown to say which tasks gain (undecided)'
  return (
    'say which tasks gain' if found.value > 0 else 'mislead on which tasks gain'
  )


def _few(found: Ranked) -> str:
  if found.least < stats.ALPHA:
    return ''
  return (
    f'; {found.tasks} tasks cannot show any, p is {found.least:.2g} or more'
  )


def _findings(early: Early, what: str, found: Ranked) -> tuple[Finding, ...]:
  cosines = [
    Finding(task, what, '', own.mean, own.low, own.high, seeds=_seeds(values))
    for (task, own), values in zip(
      early_cosines.intervals(early).items(),
      early.cosines.values(),
      strict=True,
    )
  ]
  ends = found.value, found.low, found.high
  seeds = len(early.cell.completed)
  return *cosines, Finding(early.cell.label, RANKED, '', *ends, seeds=seeds)


def _seeds(values: np.ndarray) -> int:
  return int(np.isfinite(values).sum())


def _notes(early: Early) -> tuple[str, ...]:
  return (
    'Early cosine: the corrected cosine (docs/interference.md) of the gradient '
    f'of a task’s loss with those of the others, over what {early.cell.label} '
    'shares, mean over the others and over the probes up to step '
    f'{early.last:,}. The p-value permutes tasks and speaks of other tasks; '
    'its interval resamples seeds (of resplits, as many as would be '
    'independent) and speaks of these.',
  )
