"""Validation losses of two runs where their training losses are equal."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mtl_jax.report.results import Cell, Run

SMOOTH = 3  # evaluations that are averaged


class Curve(NamedTuple):
  """Losses of one run in one task, between evaluations, `[points]`.

  Attributes:
    steps: at the end of the averaged interval.
    train: mean over the steps of the interval.
    valid: mean of the evaluations at its two ends, so that both losses are of
      the same steps.
  """

  steps: np.ndarray
  train: np.ndarray
  valid: np.ndarray


class AtEqual(NamedTuple):
  """A run and that of `single` in one task, at one training loss.

  Attributes:
    level: the training loss: the higher of the two lowest.
    own: validation loss where the run first reaches it.
    base: likewise, of `single`.
    fall: how much of its own fall in training loss `single` had made there,
      from 0 to 1.
  """

  level: float
  own: float
  base: float
  fall: float


def curve(run: Run, task: str) -> Curve | None:
  """Returns the smoothed losses of a run; None where they were not recorded.

  Args:
    run: with its curve.
    task: its name.
  """
  points = [
    (
      b.step,
      b.train_loss[task],
      (a.valid[task]['loss'] + b.valid[task]['loss']),
    )
    # Nothing is evaluated before the first step, so that the first interval
    # has but its end. It extends the curve to high losses.
    for a, b in zip((*run.curve[:1], *run.curve), run.curve, strict=False)
    if _known(b.train_loss.get(task))
    and _known(a.valid[task].get('loss'))
    and _known(b.valid[task].get('loss'))
  ]
  if not points:
    return None
  steps, train, twice = np.array(points, float).T
  # Of a few points a mean of three would leave nothing.
  size = max(1, min(SMOOTH, len(points) // 4))
  train, valid = (_mean_of(values, size) for values in (train, twice / 2))
  return Curve(steps[size - 1 :], train, valid)


def at(curve: Curve, level: float) -> float:
  """Returns the validation loss where the training loss first is at a level.

  Args:
    curve: of a run.
    level: a training loss.

  Returns:
    Interpolated between the points around it; NaN if the curve begins below
    the level or never reaches it.
  """
  below = np.flatnonzero(curve.train <= level)
  if not below.size or (below[0] == 0 and curve.train[0] < level):
    return np.nan
  i = int(below[0])
  if i == 0:
    return float(curve.valid[0])
  # From above the level down to it, within one interval.
  part = (curve.train[i - 1] - level) / (curve.train[i - 1] - curve.train[i])
  return float(
    curve.valid[i - 1] + part * (curve.valid[i] - curve.valid[i - 1])
  )


def compared(run: Run, other: Run, task: str) -> AtEqual | None:
  """Compares two runs at the lowest training loss that both reach.

  Args:
    run: of a scheme.
    other: of `single`, at the same seed.
    task: its name.

  Returns:
    None where losses are not recorded, are not above zero, or one curve begins
    below the level.
  """
  own, base = curve(run, task), curve(other, task)
  if own is None or base is None:
    return None
  lowest = base.train.min()
  level = max(own.train.min(), lowest)
  found = at(own, level), at(base, level)
  if not (np.isfinite(found).all() and min(found) > 0):
    return None
  start = base.train[0]
  fall = (start - level) / (start - lowest) if start > lowest else 1.0
  return AtEqual(float(level), *found, float(fall))


def by_task(cell: Cell, base: Cell) -> dict[str, dict[int, AtEqual]]:
  """Returns the comparisons of a cell by task and seed.

  Args:
    cell: with curves.
    base: the baseline.
  """
  others = {run.seed: run for run in base.completed}
  pairs = [(r, others[r.seed]) for r in cell.completed if r.seed in others]
  made = {
    task.name: {r.seed: compared(r, o, task.name) for r, o in pairs}
    for task in cell.tasks
  }
  return {
    task: {seed: one for seed, one in own.items() if one}
    for task, own in made.items()
  }


def _known(value: float | None) -> bool:
  return value is not None and math.isfinite(value)


def _mean_of(values: np.ndarray, size: int) -> np.ndarray:
  return np.convolve(values, np.ones(size) / size, mode='valid')
