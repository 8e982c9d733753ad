"""Which rows a step sees: shuffled epochs, from the seed and the step alone."""

import jax
import jax.numpy as jnp
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
  """Row numbers of `steps` batches, each epoch a new permutation.

  Epochs follow each other without a gap: a batch may end one and begin the
  next, and no row is left out.

  Args:
    key: of the run.
    first_step: where to start; the same whatever `steps` is cut into.
    steps: how many batches.
    batch_size: rows in a batch.
    size: rows that the arrays hold.
    num_rows: of these, the first that are data, at least half; the rest is
      padding.
  """
  places = first_step * batch_size + jnp.arange(steps * batch_size)
  epochs, offsets = places // num_rows, places % num_rows
  # How many epochs may be touched must be known when compiling; num_rows is
  # not, so that there is room for more of them than are drawn.
  room = 2 * steps * batch_size // size + 2
  first = epochs[0]

  def draw(i, orders):
    order = _shuffled(jax.random.fold_in(key, first + i), size, num_rows)
    return orders.at[i].set(order)

  count = epochs[-1] - first + 1
  start = jnp.zeros((room, size), jnp.int32)
  orders = lax.fori_loop(0, count, draw, start)
  return orders[epochs - first, offsets].reshape(steps, batch_size)


def _shuffled(
  key: Array, size: int, num_rows: Int[Array, '']
) -> Int[Array, '{size}']:
  """A permutation of the first `num_rows`, then all other numbers below size.

  One sort of 32-bit numbers, random in front and the row's number behind: on a
  CPU several times faster than to sort rows by keys. Rows whose random parts
  tie keep their order: of 1,000 rows 1 pair in 4 million, of a million 1 in
  4,000.
  """
  low = (size - 1).bit_length()
  number = jnp.arange(size, dtype=jnp.uint32)
  draws = jax.random.bits(key, (size,), jnp.uint32)
  draws = jnp.where(number < num_rows, draws, jnp.uint32(0xFFFFFFFF))
  order = lax.sort((draws >> low << low) | number)
  return (order & ((1 << low) - 1)).astype(jnp.int32)
