"""Did early gradients say which tasks would lose? In words and numbers."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mtl_jax.report import stats
from mtl_jax.report.agreement import baseline
from mtl_jax.report.claims import early_cosines
from mtl_jax.report.claims.claimed import Finding
from mtl_jax.report.claims.early_cosines import Early, Ranked
from mtl_jax.report.claims.lost_to_single import lost
from mtl_jax.report.results import Cell


class Said(NamedTuple):
  """Sentences, descriptive findings and notes."""

  lines: list[str]
  findings: tuple[Finding, ...]
  notes: tuple[str, ...]


def said(early: Early, cells: Sequence[Cell]) -> Said:
  """Compares early cosines with what the tasks gained under that scheme.

  Args:
    early: of one scheme.
    cells: that scheme's among them, and the baseline.
  """
  base = baseline(cells)
  cell = next(c for c in cells if c.label == early.cell.label)
  seeds = [run.seed for run in early.cell.completed]
  gains = []
  for task in cell.tasks:
    losses = lost(cell, base, task)
    gains.append([-losses.get(seed, math.nan) for seed in seeds])
  found = early_cosines.ranked(
    np.array([*early.cosines.values()]),
    np.array(gains, float),
    base.test_over_train,
  )
  return Said([_line(early, found)], _findings(early, found), _notes(early))


def _line(early: Early, found: Ranked) -> str:
  begin = f'Early gradients under {early.cell.label}: '
  if found.tasks < 3:
    return (
      f'{begin}with {found.tasks} tasks a rank correlation says nothing '
      f'({_listed(early)}).'
    )
  if math.isnan(found.value):
    return f'{begin}their cosines or the gains do not differ between tasks.'
  shown = found.p_value < stats.ALPHA
  word = 'predict' if found.value > 0 else 'mislead on'
  verdict = f'they {word} which tasks gain' if shown else 'undecided'
  few = (
    f'; {found.tasks} tasks cannot show anything, the smallest p is '
    f'{found.least:.2g}'
    if found.least >= stats.ALPHA
    else ''
  )
  return (
    f'{begin}{verdict}; rank correlation over {found.tasks} tasks of a '
    f"task's mean cosine to the others with its gain {found.value:+.2f} "
    f'[{found.low:+.2f}, {found.high:+.2f}], p = {found.p_value:.2g}{few}.'
  )


def _listed(early: Early) -> str:
  """Of two tasks both have the one cosine there is."""
  own = next(iter(early_cosines.intervals(early).values()))
  return f'their cosine is {own.mean:+.2f} [{own.low:+.2f}, {own.high:+.2f}]'


def _findings(early: Early, found: Ranked) -> tuple[Finding, ...]:
  cosines = tuple(
    Finding(
      task, f'early cosine to the others, {early.cell.label}', '', own.mean,
      own.low, own.high, seeds=int(np.isfinite(early.cosines[task]).sum()),
    )
    for task, own in early_cosines.intervals(early).items()
  )  # fmt: skip
  relation = Finding(
    early.cell.label, 'rank correlation of early cosine and gain', '',
    found.value, found.low, found.high, seeds=len(early.cell.completed),
  )  # fmt: skip
  return (*cosines, relation)


def _notes(early: Early) -> tuple[str, ...]:
  return (
    f'Early cosine: the corrected cosine (docs/interference.md) of the '
    f"gradients of a task's loss and another's over the parameters shared "
    f'under {early.cell.label}, mean over the other tasks and over probes up '
    f'to step {early.last:,}. Correlated with the gains of the same scheme. '
    'The p-value permutes tasks and speaks of other tasks; the interval '
    'resamples seeds and speaks of these.',
  )
