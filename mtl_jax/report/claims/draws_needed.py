"""How many draws bring a row near its own best, and how far they spread."""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from mtl_jax.report.compare.deltas import deltas, primary
from mtl_jax.report.results import Cell
from mtl_jax.report.selected import score, separate
from mtl_jax.report.tuning.merging import Tuned

WITHIN = 0.01  # of the best score: as good as the best


class Spread(NamedTuple):
  """What draws of a row do, one value per seed `[seeds]`.

  Attributes:
    needed: expected draws until one is within 1 % of the best, on validation.
      The score is the mean over tasks, also where networks are apart: scores of
      single tasks are noisier, and would take more draws for that alone.
    apart: likewise, where each network that is apart has a best of its own.
    behind: how far the median draw is behind the best on validation, in %.
    gained: Delta_m of the chosen draw less that of the median draw, in % points
      of single at the configuration's own setting, on test.
  """

  needed: np.ndarray
  apart: np.ndarray
  behind: np.ndarray
  gained: np.ndarray


def needed(scores: Float[np.ndarray, ' draws'], within: float = WITHIN):
  """Returns the expected number of draws until one is as good as the best.

  In random order and without replacement the first of g good ones among N comes
  after (N + 1) / (g + 1) draws on average.

  Args:
    scores: the lowest is the best; infinity if the draw failed.
    within: share of the best score; a draw nearer than that is as good.

  Returns:
    The number; NaN if every draw failed.
  """
  scores = np.asarray(scores, float)
  best = scores.min()
  if not np.isfinite(best):
    return math.nan
  good = (scores <= best + within * abs(best)).sum()
  return (scores.size + 1) / (good + 1)


def spread(row: Tuned, base: Cell) -> Spread:
  """Measures the draws of a row.

  Args:
    row: of the table.
    base: `single` at the configuration's own setting.
  """
  whole = _scores(row, None)
  best = whole.min(0)
  with np.errstate(invalid='ignore'):
    behind = 100 * (np.median(whole, 0) - best) / abs(best)
  return Spread(_needed(whole), _apart(row), behind, _gained(row, base))


def _scores(row: Tuned, task: str | None) -> np.ndarray:
  """`[draws, seeds]`."""
  return np.array([[score(run, task) for run in own] for own in row.draws])


def _needed(scores: np.ndarray) -> np.ndarray:
  return np.array([needed(own) for own in scores.T])


def _apart(row: Tuned) -> np.ndarray:
  tasks = [task.name for task in primary(row.cell)]
  parts = tasks if separate(row.cell.runs) else [None]
  return np.mean([_needed(_scores(row, part)) for part in parts], 0)


def _gained(row: Tuned, base: Cell) -> np.ndarray:
  """Delta_m of the choice less that of the median draw, by seed."""
  seeds = [run.seed for run in row.cell.setting]
  found = [
    dict(zip(*_delta(row.cell._replace(setting=own), base), strict=True))
    for own in row.draws
  ]
  # A draw that failed is worse than any other.
  each = [[own.get(seed, -math.inf) for seed in seeds] for own in found]
  chosen = dict(zip(*_delta(row.cell, base), strict=True))
  best = np.array([chosen.get(seed, math.nan) for seed in seeds])
  return best - np.median(each, 0)


def _delta(cell: Cell, base: Cell):
  seeds, delta = deltas(cell, base)
  return ([], []) if delta.per_seed is None else (seeds, delta.per_seed)
