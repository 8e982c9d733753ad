"""After how many steps a run is as good on validation as `single`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mtl_jax.report.compare.curve_columns import first_step, mean_change
from mtl_jax.report.compare.deltas import primary
from mtl_jax.report.results import Cell, Run


class Reached(NamedTuple):
  """Steps of a scheme and of `single` at the same seeds, `[seeds]`.

  Attributes:
    seeds: in order.
    own: steps of the scheme; the whole budget where it never got there.
    base: likewise, of `single`.
    never: whether the scheme never got there.
  """

  seeds: tuple[int, ...]
  own: np.ndarray
  base: np.ndarray
  never: np.ndarray

  @property
  def ratios(self) -> np.ndarray:
    """Steps of the scheme over those of `single`."""
    return self.own / self.base

  def at_least(self, cost: float) -> np.ndarray:
    """Returns ratios of costs, in which no seed gains by never getting there.

    Args:
      cost: of a step of the scheme, over that of one of `single`.
    """
    ratios = cost * self.ratios
    return np.where(self.never, np.maximum(ratios, 1), ratios)


def to_single(cell: Cell, base: Cell) -> Reached:
  """Returns the steps to the validation quality that `single` kept.

  A copy of `single` that differs in noise alone reaches it in about half of the
  seeds, whereas `single` itself does in all: this measure favours `single`.

  Args:
    cell: with validation curves.
    base: the baseline, likewise.
  """
  return _reached(cell, base, [0.0] * len(_pairs(cell, base)))


def to_common(cell: Cell, base: Cell) -> Reached:
  """Returns the steps to the lower of the two qualities kept.

  Both reach it, and the measure favours neither.

  Args:
    cell: with validation curves.
    base: the baseline, likewise.
  """
  least = []
  for run, other in _pairs(cell, base):
    tasks = primary(cell)
    heads = {t.name: run.valid[t.name].get(t.metrics[0][0]) for t in tasks}
    # A NaN, of a metric without a value, is never reached.
    least.append(np.minimum(0.0, mean_change(heads, other.valid, tasks)))
  return _reached(cell, base, least)


def _reached(cell: Cell, base: Cell, least: list[float]) -> Reached:
  pairs, tasks = _pairs(cell, base), primary(cell)
  budget = cell.header['comparable']['steps']
  steps = np.array(
    [
      [first_step(run, other.valid, tasks, level) for run in (own, other)]
      for (own, other), level in zip(pairs, least, strict=True)
    ]
  ).reshape(len(pairs), 2)
  # An evaluation before the first step costs nothing, and has no ratio.
  steps = np.maximum(steps, _first_evaluation(base))
  own, alone = np.minimum(steps, budget).T
  seeds = tuple(run.seed for run, _ in pairs)
  return Reached(seeds, own, alone, np.isinf(steps[:, 0]))


def _pairs(cell: Cell, base: Cell) -> list[tuple[Run, Run]]:
  """Runs of both at the same seeds, with curves."""
  others = {run.seed: run for run in base.completed if run.curve}
  runs = sorted(cell.completed, key=lambda run: run.seed)
  return [(r, others[r.seed]) for r in runs if r.curve and r.seed in others]


def _first_evaluation(base: Cell) -> int:
  steps = [point.step for run in base.completed for point in run.curve]
  return min((step for step in steps if step > 0), default=1)
