"""Squares of effects from pairs of different seeds, and their bootstrap.

The square of an estimated effect contains the noise of its seed; the product of
estimates at two different seeds does not, and so its mean over all pairs is
unbiased. Intervals come from resampled seeds, all cells of a seed together; a
seed drawn twice is no pair of different seeds.
"""

import numpy as np
from scipy import special

from mtl_jax.report import stats

RESAMPLES = 10_000
# All pairs of different seeds are one pair where there are two.
FEWEST_SEEDS = 3


def products(x: np.ndarray) -> np.ndarray:
  """Sums over effects of the products of two seeds, `[e, n] -> [n, n]`."""
  return x.T @ x


def halves(x: np.ndarray) -> np.ndarray:
  """Half the squared distance of two seeds, whose mean is their variance."""
  return ((x[:, :, None] - x[:, None]) ** 2).sum(0) / 2


def resamples(n: int, seed: int) -> np.ndarray:
  """How often each seed was drawn, `[R, n]`; never one seed alone."""
  rng = np.random.default_rng(seed)
  counts = rng.multinomial(n, np.full(n, 1 / n), RESAMPLES).astype(float)
  return counts[counts.max(1) < n]


def mean_over_pairs(pairs: np.ndarray, counts: np.ndarray) -> np.ndarray:
  """Means over all pairs of different seeds.

  Args:
    pairs: `[c, n, n]`.
    counts: how often each seed counts, `[R, n]`.

  Returns:
    `[R, c]`.
  """
  n = counts.shape[1]
  different = np.where(np.eye(n, dtype=bool), 0, pairs)
  total = n**2 - (counts**2).sum(1)
  sums = [((counts @ matrix) * counts).sum(1) for matrix in different]
  return np.stack(sums, axis=1) / total[:, None]


def half_widths(drawn: np.ndarray, n: int) -> np.ndarray:
  """Half-widths of 95 % intervals from resamples.

  The standard deviation over the resamples, times sqrt(n / (n - 1)) and the t
  quantile, which few seeds need (Hesterberg, The American Statistician 69,
  2015).

  Args:
    drawn: `[R, c]`.
    n: number of seeds.

  Returns:
    `[c]`; NaN with fewer than `FEWEST_SEEDS`.
  """
  if n < FEWEST_SEEDS:
    return np.full(drawn.shape[1], np.nan)
  return quantile(n) * drawn.std(0, ddof=1) * (n / (n - 1)) ** 0.5


def quantile(n: int) -> float:
  """The t quantile of a 95 % interval over n seeds."""
  return float(special.stdtrit(n - 1, (1 + stats.LEVEL) / 2))
