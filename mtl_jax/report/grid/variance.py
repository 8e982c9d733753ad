"""Which part of the variance of Delta_m is due to what, in any factorial.

Delta_m of an entry at a seed is a mean plus effects of the factors and of their
combinations (all levels fixed: those that were asked for), plus what the seed
does to all entries alike, plus the rest. In a design without gaps the effects
are orthogonal, so that the variance of the entries' true means is the sum of
the mean squares of the effects. With the two variances over seeds it is the
variance of one entry at one seed, of which shares are taken.

Mean squares are estimated without the noise of the seeds, as in `factorial`,
which also says why resplits take a correction, and are not below 0. Intervals:
95 %, bootstrapped over seeds, all entries of a seed together, as the numbers of
a seed come from the same rows; entries are no sample, and are not drawn. They
are made for the roots of shares, whose spread depends less on their size, and
squared.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mtl_jax.report.grid import seed_pairs

HIGHER = 'interactions of three and more'
ALIKE = 'seed, in all entries alike'
REST = 'seed, the rest'


class Share(NamedTuple):
  """A share of the variance with its 95 % interval; NaN: unknown."""

  name: str
  share: float
  low: float
  high: float


def shares(
  values: np.ndarray,
  factors: Sequence[str],
  test_over_train: float | None = None,
  seed: int = 0,
) -> list[Share]:
  """Estimates which part of the variance of one entry is due to what.

  Args:
    values: `[*levels, seeds]`; two seeds or more.
    factors: a name per axis of levels. One of a single level is no factor.
    test_over_train: rows of test over rows of training, for resplits.
    seed: of the bootstrap's random numbers.

  Returns:
    A share per factor, per pair of factors, of higher interactions together,
    and of seeds; they sum to 1, or are 0 if nothing varies.

  Raises:
    ValueError: a name is missing, or there is one seed or one entry.
  """
  values = np.asarray(values, float)
  _check(values, factors)
  overlap, n = test_over_train or 0.0, values.shape[-1]
  names, plain, noise = _pairs(values, factors, overlap)
  squares = _squares(plain - noise, np.ones((1, n)))
  total = squares.sum(1)
  one = _roots(squares, total)[0]
  counts = seed_pairs.resamples(n, seed)
  # As estimated, with the noise that spreads it: without, an effect below the
  # noise would be 0 in nearly all resamples and seem certain.
  seen = np.einsum('rs,cst,rt->rc', counts, plain, counts) / n**2
  resampled = _squares(plain - noise, counts)
  seen[:, -2:] = resampled[:, -2:]  # Variances over seeds are those seen.
  half = seed_pairs.half_widths(_roots(seen, resampled.sum(1)), n)
  half[:-2] *= (1 + n * overlap) ** 0.5
  low, high = np.maximum(one - half, 0), np.minimum(one + half, 1)
  return [*map(Share, names, *(x.tolist() for x in (one**2, low**2, high**2)))]


def _check(values: np.ndarray, factors: Sequence[str]) -> None:
  if values.ndim != len(factors) + 1:
    raise ValueError(f'{len(factors)} factors for values {values.shape}')
  if values.shape[-1] < 2 or values[..., 0].size < 2:
    raise ValueError(f'shares take two entries and two seeds: {values.shape}')


def _pairs(
  values: np.ndarray, factors: Sequence[str], overlap: float
) -> tuple[list[str], np.ndarray, np.ndarray]:
  """Names, squares from two seeds together and noise in them, `[c, n, n]`."""
  n, count = values.shape[-1], values[..., 0].size
  blocked = values - values.mean(tuple(range(len(factors))))
  found: dict[str, np.ndarray] = {}
  noise: dict[str, np.ndarray] = {}
  for axes in _subsets([i for i, k in enumerate(values.shape[:-1]) if k > 1]):
    x = _effects(blocked, axes)
    name = ' x '.join(factors[i] for i in axes) if len(axes) < 3 else HIGHER
    found[name] = found.get(name, 0) + seed_pairs.products(x) / len(x)
    # Overlapping resplits have noise in common, which remains in products.
    common = overlap * seed_pairs.halves(x) / len(x)
    noise[name] = noise.get(name, 0) + common
  rest = seed_pairs.halves(blocked.reshape(count, n)) / (count - 1)
  within = seed_pairs.halves(values.reshape(count, n)) / count
  found |= {ALIKE: within - rest, REST: rest}
  noise |= {ALIKE: 0 * rest, REST: 0 * rest}
  return [*found], np.stack([*found.values()]), np.stack([*noise.values()])


def _subsets(axes: list[int]):
  sizes = range(1, len(axes) + 1)
  return itertools.chain(*(itertools.combinations(axes, k) for k in sizes))


def _effects(blocked: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
  """Effects of a combination of factors, `[levels, n]`."""
  for i in range(blocked.ndim - 1):
    mean = blocked.mean(i, keepdims=True)
    blocked = blocked - mean if i in axes else mean
  return blocked.reshape(-1, blocked.shape[-1])


def _squares(pairs: np.ndarray, counts: np.ndarray) -> np.ndarray:
  """Mean squares without noise, `[R, c]`."""
  return np.maximum(seed_pairs.mean_over_pairs(pairs, counts), 0)


def _roots(squares: np.ndarray, total: np.ndarray) -> np.ndarray:
  """Roots of shares `[R, c]` of totals `[R]`; 0 with nothing to share."""
  parts = np.maximum(squares, 0)
  known = total[:, None] > 1e-12
  return np.sqrt(
    np.divide(parts, total[:, None], out=np.zeros_like(parts), where=known)
  )
