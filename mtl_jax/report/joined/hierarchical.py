"""The mean over data sets: a random-effects model of Delta_m.

Data set d has the effect mu + u_d with u_d ~ N(0, tau^2), and its estimate has
the standard error s_d. What differs between data sets is then part of the
interval of mu, so that it speaks of data sets like these, not of these alone.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import special

from mtl_jax.report import stats

MARGIN = 1.0  # of equivalence, in % points of Delta_m
STEPS = 1000  # of Fisher scoring; it converges in about ten


class Effect(NamedTuple):
  """The mean over data sets.

  Attributes:
    mean: mu.
    low: lower end of its 95 % interval.
    high: upper end.
    p_value: of the test that mu is 0, two-sided.
    p_equivalent: of the test that mu lies outside the margin.
    tau: standard deviation between data sets.
    new_low: lower end of the 95 % interval of the effect on a new data set.
    new_high: upper end; infinite for two data sets.
  """

  mean: float
  low: float
  high: float
  p_value: float
  p_equivalent: float
  tau: float
  new_low: float
  new_high: float


def estimate(
  effects: Float[np.ndarray, 'sets'],
  errors: Float[np.ndarray, 'sets'],
  margin: float = MARGIN,
) -> Effect:
  """Estimates the mean over data sets.

  The interval is Hartung and Knapp's (Statistics in Medicine 20, 2001) with t
  of k - 1 degrees of freedom, never narrower than without their factor: with
  few data sets of unequal precision it would otherwise be too narrow (Roever,
  Knapp and Friede, BMC Medical Research Methodology 15:99, 2015). That of a new
  data set is Higgins, Thompson and Spiegelhalter's (JRSS A 172, 2009).

  Args:
    effects: of each data set, at least two.
    errors: their standard errors, in the same unit.
    margin: of equivalence, in the same unit.

  Returns:
    In the same unit.
  """
  # Equal runs have no spread; their weight stays finite.
  variances = np.maximum(errors, stats.ROUNDING * stats.PERCENT) ** 2
  tau2, k = between(effects, variances), len(effects)
  weights = 1 / (variances + tau2)
  mean = float((weights * effects).sum() / weights.sum())
  factor = (weights * (effects - mean) ** 2).sum() / (k - 1)
  variance = float(max(1.0, factor) / weights.sum())
  error = variance**0.5
  half = _quantile(k - 1) * error
  new = _quantile(k - 2) * (variance + tau2) ** 0.5
  p_value = float(2 * special.stdtr(k - 1, -abs(mean) / error))
  # The larger p-value of two one-sided tests (Schuirmann 1987).
  apart = float(special.stdtr(k - 1, (abs(mean) - margin) / error))
  ends, tests = (mean - half, mean + half), (p_value, apart)
  return Effect(mean, *ends, *tests, tau2**0.5, mean - new, mean + new)


def between(
  effects: Float[np.ndarray, 'sets'], variances: Float[np.ndarray, 'sets']
) -> float:
  """Estimates tau^2 by restricted maximum likelihood.

  Fisher scoring as in Viechtbauer, Journal of Educational and Behavioral
  Statistics 30, 2005.

  Args:
    effects: of each data set.
    variances: their squared standard errors.

  Returns:
    At least 0.
  """
  tau2 = float(np.var(effects, ddof=1))
  for _ in range(STEPS):
    weights = 1 / (variances + tau2)
    # Removes the weighted mean: P = W - W 1 1' W / sum(W).
    project = np.diag(weights) - np.outer(weights, weights) / weights.sum()
    residual = project @ effects
    score = residual @ residual - np.trace(project)
    step = float(score / np.trace(project @ project))
    old, tau2 = tau2, max(0.0, tau2 + step)
    if abs(tau2 - old) <= 1e-10 * max(1.0, old):
      break
  return tau2


def _quantile(degrees: int) -> float:
  if degrees < 1:
    return np.inf
  return float(special.stdtrit(degrees, (1 + stats.LEVEL) / 2))
