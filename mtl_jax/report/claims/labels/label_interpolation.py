"""Interpolation over shares of labels, and where a rising curve is zero."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy import optimize


def weights(
  shares: Sequence[float], at: Float[np.ndarray, '*points']
) -> Float[np.ndarray, '*points shares']:
  """Returns the weights of interpolation in the logarithm of the share.

  Args:
    shares: ascending, two or more.
    at: logarithms of shares; those beyond the ends continue the last pieces.
  """
  logs = np.log(shares)
  piece = np.clip(np.searchsorted(logs, at, 'right') - 1, 0, len(logs) - 2)
  part = (at - logs[piece]) / (logs[piece + 1] - logs[piece])
  eye = np.eye(len(logs))
  return (1 - part)[..., None] * eye[piece] + part[..., None] * eye[piece + 1]


def grid_of(ends: tuple[float, float], points: int) -> tuple[np.ndarray, int]:
  """Returns logarithms of factors with 0 among them, and the place of that.

  Args:
    ends: the first is 0 or less, the second 0 or more.
    points: on either side of 0.
  """
  below = np.linspace(ends[0], 0, points + 1) if ends[0] < 0 else np.zeros(1)
  above = np.linspace(0, ends[1], points + 1)[1:] if ends[1] > 0 else []
  return np.concatenate([below, above]), len(below) - 1


def rising(values: np.ndarray) -> np.ndarray:
  """Returns the closest rising curve: labels do no harm on average."""
  return optimize.isotonic_regression(values).x


def root(grid: np.ndarray, gains: np.ndarray) -> float:
  """Returns where the closest rising curve is zero.

  Args:
    grid: logarithms of factors.
    gains: at each of them.

  Returns:
    An end of the grid if it is zero nowhere.
  """
  curve = rising(gains)
  first, behind = (int(np.searchsorted(curve, 0, s)) for s in ('left', 'right'))
  if first < behind:  # On a plateau, the factor that is nearest to 1.
    return float(np.clip(0, grid[first], grid[behind - 1]))
  if first in (0, len(grid)):
    return float(grid[min(first, len(grid) - 1)])
  pair = slice(first - 1, first + 1)
  return float(np.interp(0, curve[pair], grid[pair]))
