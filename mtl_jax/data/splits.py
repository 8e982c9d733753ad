"""How rows are cut into train, valid and test; the same on every machine.

Random numbers are raw 64-bit words of PCG64. NumPy promises that stream, but
not that of `Generator.permutation`, so a seed means one split for good.
`seed=None` is the fixed split of a card, which no integer seed repeats.
"""

import numpy as np
from jaxtyping import Integer, UInt64

from mtl_jax.errors import InputError

_ORDER = 1000  # the stream that shuffles rows inside a part

Rows = tuple[Integer[np.ndarray, '_'], ...]


def words(
  seed: int | None, shape: int | tuple, stream: int = 0
) -> UInt64[np.ndarray, '...']:
  """Independent uniform 64-bit words. Raises `InputError` if `seed` < 0.

  A number of `stream` gives words of their own under the same seed.
  """
  if seed is not None and seed < 0:
    raise InputError(f'split_seed is {seed}; it must be None or at least 0')
  entropy = (2 * stream + (seed is not None), seed or 0)
  return np.random.PCG64(np.random.SeedSequence(entropy)).random_raw(shape)


def pattern(parts: tuple[int, ...]) -> Integer[np.ndarray, '_']:
  """Which part each card of one round goes to: (3, 1, 1) -> 0 0 1 2 0."""
  # Card j of a part of size p lies at (j + .5) / p of the round.
  places = [((j + 0.5) / p, i) for i, p in enumerate(parts) for j in range(p)]
  return np.array([part for _, part in sorted(places)])


def stratified(
  strata: Integer[np.ndarray, 'rows'], parts: tuple[int, ...], seed: int | None
) -> Rows:
  """Row numbers per part, shuffled; sizes do not depend on the seed.

  Rows are shuffled inside their stratum, the strata laid end to end and dealt
  out like cards, so each part gets its share of each stratum, but for one row.
  """
  chance = words(seed, len(strata))
  order = np.lexsort((chance, strata))
  part = np.resize(pattern(parts), len(strata))
  return _shuffled(order, part, len(parts), seed)


def grouped(
  groups: Integer[np.ndarray, 'rows'],
  parts: tuple[int, ...],
  seed: int | None,
  strata: Integer[np.ndarray, 'rows'] | None = None,
) -> Rows:
  """Row numbers per part, shuffled; no group stands in two parts.

  Within each stratum (that of a group's first row), groups in random order
  fill one part after the other: sizes are off by half a group at most.
  """
  _, first, group, sizes = np.unique(
    groups, return_index=True, return_inverse=True, return_counts=True
  )
  of_group = np.zeros_like(first) if strata is None else strata[first]
  chance = words(seed, len(groups))
  part = np.zeros(len(first), np.int64)
  for stratum in np.unique(of_group):
    members = np.flatnonzero(of_group == stratum)
    members = members[np.argsort(chance[first[members]], kind='stable')]
    part[members] = _fill(sizes[members], parts)
  order = np.arange(len(groups))
  return _shuffled(order, part[group], len(parts), seed)


def _fill(sizes, parts) -> Integer[np.ndarray, '_']:
  # A group goes where its middle falls on the line of all rows.
  middles = np.cumsum(sizes) - sizes / 2
  ends = np.cumsum(parts) / np.sum(parts) * sizes.sum()
  return np.minimum(np.searchsorted(ends, middles), len(parts) - 1)


def _shuffled(order, part, num_parts: int, seed: int | None) -> Rows:
  # `part[i]` is the part of row `order[i]`. The words that chose the parts
  # would not do: they are low for every small group in the first part.
  chance = words(seed, len(order), _ORDER)
  rows = [order[part == i] for i in range(num_parts)]
  return tuple(r[np.argsort(chance[r], kind='stable')] for r in rows)
