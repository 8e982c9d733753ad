"""Rows of each step: shuffled epochs, from the seed and step number alone."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Int


@jax.named_scope('order')
def rows(
  key: Array,
  first_step: Int[Array, ''],
  steps: int,
  batch_size: int,
  size: int,
  num_rows: Int[Array, ''],
) -> Int[Array, 'steps batch']:
  """Row numbers of `steps` batches; every epoch is a new permutation.

  Epochs follow each other without a gap: a batch may end one and begin the
  next, and no row is left out. The result depends on the step numbers alone,
  however a run is cut into calls.

  Args:
    key: of the run.
    first_step: number of the first step.
    steps: how many batches.
    batch_size: rows per batch.
    size: rows that the arrays hold, padding included.
    num_rows: how many of them, from the first on, are data: at least half.

  Returns:
    `[steps, batch_size]`, all below `num_rows`.
  """
  places = first_step * batch_size + jnp.arange(steps * batch_size)
  epochs, offsets = places // num_rows, places % num_rows
  # The shape must be known when compiling, while `num_rows` is traced: there is
  # room for the epochs that half the rows would need, and the loop draws only
  # those that the steps reach.
  room = 2 * steps * batch_size // size + 2
  first = epochs[0]

  def draw(i, orders):
    order = _shuffled(jax.random.fold_in(key, first + i), size, num_rows)
    return orders.at[i].set(order)

  count = epochs[-1] - first + 1
  start = jnp.zeros((room, size), jnp.int32)
  orders = lax.fori_loop(0, count, draw, start)
  return orders[epochs - first, offsets].reshape(steps, batch_size)


class Quota(NamedTuple):
  """One source of rows, which follow each other in the split.

  Attributes:
    rows: of the source in each batch.
    size: rows of the source that there is room for.
  """

  rows: int
  size: int


@jax.named_scope('order')
def of_sources(
  key: Array,
  first_step: Int[Array, ''],
  steps: int,
  quotas: tuple[Quota, ...],
  counts: Int[Array, 'sources'],
  parts: int = 1,
) -> Int[Array, 'steps batch']:
  """Row numbers of batches that have a fixed number of rows of each source.

  Each source has epochs of its own, as in `rows`.

  Args:
    key: of the run.
    first_step: number of the first step.
    steps: how many batches.
    quotas: of each source, in the order of its rows in the split.
    counts: rows of each source; at least half of the size of its quota.
    parts: in which a batch is computed, see `accumulation.parts_of`.

  Returns:
    `[steps, batch]`; the rows of every source are spread over the parts.
  """
  ends = jnp.cumsum(counts)
  found = [
    ends[i]
    - counts[i]
    + rows(jax.random.fold_in(key, i), first_step, steps, *quota, counts[i])
    for i, quota in enumerate(quotas)
  ]
  # Spread, so that also a part of a batch has its share of every source.
  places = [(np.arange(n) + 0.5) / n for n, _ in quotas]
  order = np.argsort(np.concatenate(places), kind='stable')
  # A part has every so many rows of the batch, not rows in a row.
  order = order.reshape(parts, -1).T.ravel()
  return jnp.concatenate(found, axis=1)[:, order]


def _shuffled(
  key: Array, size: int, num_rows: Int[Array, '']
) -> Int[Array, '{size}']:
  """A permutation of the first `num_rows`, then all other numbers below size.

  Sorts 32-bit words whose high bits are random and whose low bits are the row
  number, which is several times faster on a CPU than sorting rows by keys. Rows
  whose random bits tie keep their order: among 1,000 rows one pair in 4
  million, among a million rows one in 4,000.
  """
  low = (size - 1).bit_length()
  number = jnp.arange(size, dtype=jnp.uint32)
  draws = jax.random.bits(key, (size,), jnp.uint32)
  # Padding gets the largest random bits and so comes last.
  draws = jnp.where(number < num_rows, draws, jnp.uint32(0xFFFFFFFF))
  order = lax.sort((draws >> low << low) | number)
  return (order & ((1 << low) - 1)).astype(jnp.int32)
