"""Ranks of schemes over data sets, and the tests that they allow.

Demsar, JMLR 7, 2006: Friedman's test and Nemenyi's critical difference.
Benavoli et al., JMLR 17, 2016: signed-rank tests against the baseline with
Holm's correction, which do not depend on the other schemes that are ranked.
"""

import math
import warnings
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import stats as distributions

from mtl_jax.report import stats

DRAWS = 10_000  # permutations of the ranks


class Friedman(NamedTuple):
  """Friedman's chi^2, Iman and Davenport's F, and the p-value of both."""

  chi2: float
  f: float
  p_value: float


def ranks(
  values: Float[np.ndarray, 'sets schemes'],
) -> Float[np.ndarray, 'sets schemes']:
  """Ranks the schemes of each data set; 1 is the best, ties share a mean.

  Args:
    values: more is better.
  """
  return distributions.rankdata(-values, axis=1)


def friedman(ranked: Float[np.ndarray, 'sets schemes']) -> Friedman:
  """Tests whether all schemes have the same expected rank.

  Args:
    ranked: from `ranks`.

  Returns:
    The statistics of Demsar 2006, section 3.2.2. The p-value is that of
    permutations of the ranks within data sets: the distribution of F is an
    approximation for many data sets, and gives p = 0 where few all agree.
  """
  n, k = ranked.shape
  rng = np.random.default_rng(0)
  drawn = sum(rng.permuted(np.tile(r, (DRAWS, 1)), axis=1) for r in ranked)
  chi2 = float(_chi2(ranked.mean(0, keepdims=True), n)[0])
  extreme = (_chi2(drawn / n, n) >= chi2 - 1e-9).sum()
  rest = n * (k - 1) - chi2
  # All data sets agree: nothing is left over, and F is infinite.
  f = (n - 1) * chi2 / rest if rest > 1e-9 else math.inf
  return Friedman(chi2, f, float((extreme + 1) / (DRAWS + 1)))


def _chi2(means: np.ndarray, n: int) -> np.ndarray:
  k = means.shape[-1]
  squares = (means**2).sum(-1) - k * (k + 1) ** 2 / 4
  return 12 * n / (k * (k + 1)) * squares


def critical_difference(schemes: int, sets: int) -> float:
  """Returns Nemenyi's critical difference of mean ranks.

  Mean ranks that differ by less are not shown to differ at `stats.ALPHA`;
  Demsar 2006, section 3.2.2. The critical value is that of the studentised
  range for infinite degrees of freedom, over the square root of 2.

  Args:
    schemes: that are ranked, at least 2.
    sets: data sets.

  Returns:
    In ranks.
  """
  q = distributions.studentized_range.ppf(1 - stats.ALPHA, schemes, math.inf)
  return float(q / math.sqrt(2) * (schemes * (schemes + 1) / 6 / sets) ** 0.5)


def groups(
  means: Float[np.ndarray, 'schemes'], difference: float
) -> list[tuple[int, int]]:
  """Finds the longest runs of mean ranks that differ by less than a number.

  Args:
    means: mean ranks in ascending order.
    difference: the critical difference.

  Returns:
    First and last index of each group of two or more; none lies in another.
  """
  found: list[tuple[int, int]] = []
  for first in range(len(means)):
    last = int(np.flatnonzero(means - means[first] < difference)[-1])
    if last > first and not (found and found[-1][1] >= last):
      found.append((first, last))
  return found


def signed_rank(differences: Float[np.ndarray, 'sets']) -> float:
  """Returns the two-sided p-value of Wilcoxon's signed-rank test.

  Args:
    differences: to the baseline, one of each data set; zeros are left out.
  """
  if not np.any(differences):
    return 1.0
  # Ties and zeros have no exact distribution; scipy says so and approximates.
  with warnings.catch_warnings():
    warnings.simplefilter('ignore')
    return float(distributions.wilcoxon(differences).pvalue)


def smallest_p(sets: int) -> float:
  """Returns the smallest p-value that `signed_rank` can have."""
  return min(1.0, 2.0 ** (1 - sets))


def sets_needed(tests: int) -> int:
  """Returns the least number of data sets that could show anything.

  With fewer, the smallest p-value of the signed-rank test exceeds `stats.ALPHA`
  after Holm's correction, whatever the results are.

  Args:
    tests: schemes that are compared with the baseline.
  """
  return math.floor(1 + math.log2(max(tests, 1) / stats.ALPHA)) + 1
