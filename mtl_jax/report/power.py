"""What a paired test could have shown: detectable differences, seeds, rows."""

import functools
import math

from scipy import special

from mtl_jax.report import stats

POWER = 0.8
MOST_SEEDS = 1000  # more are called none


def detectable(std: float, n: int, part: float, level: float) -> float:
  """Returns the smallest true difference that is shown with 80 % power.

  The two-sided t test of `stats.paired` at `level` shows a difference of d with
  the probability that a noncentral t with n - 1 degrees of freedom and
  noncentrality d / (std sqrt(part)) exceeds the critical value. (The tail on
  the other side is left out: below 1e-4 at this power.)

  Args:
    std: of the paired differences, see `typical`.
    n: number of them.
    part: variance of their mean over that of one, `stats.share`.
    level: of the test, after division by the size of its family.

  Returns:
    In the unit of `std`; NaN for fewer than two differences.
  """
  if n < 2 or not math.isfinite(std):
    return math.nan
  critical = special.stdtrit(n - 1, 1 - level / 2)
  return float(_noncentrality(n - 1, float(critical)) * std * part**0.5)


def typical(std: float, n: int) -> float:
  """Returns the true spread of which a sample's is the median.

  A sample of few seeds understates it in most cases: by a sixth for three.

  Args:
    std: of a sample, n - 1 in the denominator.
    n: size of the sample.
  """
  return std / (special.chdtri(n - 1, 0.5) / (n - 1)) ** 0.5 if n > 1 else std


def seeds_needed(
  std: float, test_over_train: float | None, level: float, wanted: float
) -> int | None:
  """Returns how many seeds show a difference with 80 % power.

  Args:
    std: of the paired differences, see `typical`.
    test_over_train: as in `stats.paired`; it bounds what seeds can show, since
      resplits of the same units never become independent.
    level: of the test, as in `detectable`.
    wanted: the difference, in the unit of `std`.

  Returns:
    The number; None if `MOST_SEEDS` do not.
  """

  def shown(n: int) -> bool:
    part = stats.share(n, test_over_train)
    return detectable(std, n, part, level) <= wanted

  if not shown(MOST_SEEDS):
    return None
  low, high = 1, MOST_SEEDS
  while high - low > 1:
    middle = (low + high) // 2
    low, high = (low, middle) if shown(middle) else (middle, high)
  return high


def rows_needed(smallest: float, wanted: float) -> float:
  """Returns how many times the rows show a difference with 80 % power.

  The spread of a difference falls as one over the square root of the number of
  independent units, with the same shares of training and test.

  Args:
    smallest: what is shown now, from `detectable`.
    wanted: the difference, in the same unit.
  """
  return (smallest / wanted) ** 2


@functools.cache  # every row of a table asks for the same few
def _noncentrality(freedom: int, critical: float) -> float:
  """Of a t that exceeds the critical value with probability `POWER`."""
  low, high = critical / 2, 4 * critical + 10
  # `special.nctdtrinc` fails in the far tails that small levels ask for.
  for _ in range(60):
    middle = (low + high) / 2
    below = special.nctdtr(freedom, middle, critical)
    # A NaN is what it gives where nothing is left below.
    low, high = (middle, high) if below > 1 - POWER else (low, middle)
  return (low + high) / 2
