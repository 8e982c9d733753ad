"""Random splits into train, valid and test, the same on every machine.

Random numbers are raw 64-bit words of PCG64. NumPy guarantees that stream, but
not the one of `Generator.permutation`, so a seed always gives the same split.
`seed=None` is the fixed split of a card, which differs from that of any seed.
"""

import numpy as np
from jaxtyping import Integer, UInt64

from mtl_jax.errors import InputError

_ORDER = 1000  # the random stream that shuffles rows inside a part

Rows = tuple[Integer[np.ndarray, '_'], ...]


def words(
  seed: int | None, shape: int | tuple, stream: int = 0
) -> UInt64[np.ndarray, '...']:
  """Returns independent uniform 64-bit words.

  Args:
    seed: nonnegative seed, or None.
    shape: shape of the result.
    stream: number of the stream; streams of one seed are independent.

  Raises:
    InputError: if the seed is negative.
  """
  if seed is not None and seed < 0:
    raise InputError(f'split_seed is {seed}; it must be None or at least 0')
  # The first number is even for None and odd for an integer seed, so the fixed
  # split never coincides with that of a seed.
  entropy = (2 * stream + (seed is not None), seed or 0)
  return np.random.PCG64(np.random.SeedSequence(entropy)).random_raw(shape)


def pattern(parts: tuple[int, ...]) -> Integer[np.ndarray, '_']:
  """Returns a sequence that interleaves parts: (3, 1, 1) -> 0 0 1 2 0."""
  # Item j of a part of size p is placed at (j + .5) / p of the sequence.
  places = [((j + 0.5) / p, i) for i, p in enumerate(parts) for j in range(p)]
  return np.array([part for _, part in sorted(places)])


def stratified(
  strata: Integer[np.ndarray, 'rows'], parts: tuple[int, ...], seed: int | None
) -> Rows:
  """Splits rows so that each part gets its share of every stratum.

  Rows are shuffled inside their stratum, the strata are concatenated, and the
  rows are assigned to parts by repeating `pattern`. The shares are therefore
  exact up to one row, and the sizes do not depend on the seed.

  Args:
    strata: stratum of each row.
    parts: relative sizes of the parts.
    seed: seed of the split, or None for the fixed one.

  Returns:
    Shuffled row numbers of each part.
  """
  random = words(seed, len(strata))
  order = np.lexsort((random, strata))
  part = np.resize(pattern(parts), len(strata))
  return _shuffled(order, part, len(parts), seed)


def grouped(
  groups: Integer[np.ndarray, 'rows'],
  parts: tuple[int, ...],
  seed: int | None,
  strata: Integer[np.ndarray, 'rows'] | None = None,
) -> Rows:
  """Splits rows so that no group is in two parts.

  Within each stratum, groups in random order fill one part after the other.
  The sizes differ from the exact shares by half a group at most.

  Args:
    groups: group of each row.
    parts: relative sizes of the parts.
    seed: seed of the split, or None for the fixed one.
    strata: stratum of each row; a group has that of its first row. None is a
      single stratum.

  Returns:
    Shuffled row numbers of each part.
  """
  _, first, group, sizes = np.unique(
    groups, return_index=True, return_inverse=True, return_counts=True
  )
  of_group = np.zeros_like(first) if strata is None else strata[first]
  random = words(seed, len(groups))
  part = np.zeros(len(first), np.int64)
  for stratum in np.unique(of_group):
    members = np.flatnonzero(of_group == stratum)
    members = members[np.argsort(random[first[members]], kind='stable')]
    part[members] = _fill(sizes[members], parts)
  order = np.arange(len(groups))
  return _shuffled(order, part[group], len(parts), seed)


def _fill(sizes, parts) -> Integer[np.ndarray, '_']:
  # A group belongs to the part that contains the middle of its row range.
  middles = np.cumsum(sizes) - sizes / 2
  ends = np.cumsum(parts) / np.sum(parts) * sizes.sum()
  return np.minimum(np.searchsorted(ends, middles), len(parts) - 1)


def _shuffled(order, part, num_parts: int, seed: int | None) -> Rows:
  # `part[i]` is the part of row `order[i]`. A stream of its own is needed: the
  # words that chose the parts are low for all groups of the first part.
  random = words(seed, len(order), _ORDER)
  rows = [order[part == i] for i in range(num_parts)]
  return tuple(r[np.argsort(random[r], kind='stable')] for r in rows)
