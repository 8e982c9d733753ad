"""Which rows a step sees: shuffled epochs, from the seed and the step alone."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from mtl_jax.errors import InputError


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
  # How many epochs are touched must be known when compiling; num_rows is not.
  touched = 2 * steps * batch_size // size + 2

  def shuffled(epoch):
    draws = jax.random.uniform(jax.random.fold_in(key, epoch), (size,))
    return jnp.argsort(jnp.where(jnp.arange(size) < num_rows, draws, jnp.inf))

  orders = jax.vmap(shuffled)(epochs[0] + jnp.arange(touched))
  chosen = orders[epochs - epochs[0], offsets]
  return chosen.reshape(steps, batch_size)


def stacked(splits: list[Any]) -> tuple[Any, Int[np.ndarray, 'splits']]:
  """Splits of several seeds on a leading axis, and how many rows each has.

  Grouped splits differ a little in size: the shorter ones are padded with rows
  whose mask is False, so that no label of theirs counts.
  """
  counts = np.array([len(split.mask) for split in splits], np.int32)
  if counts.min() < counts.max() / 2:
    raise InputError(
      f'resplit: one split has {counts.min()} rows and another {counts.max()}; '
      'set config.resplit=False or cut groups more evenly'
    )

  def pad(column):
    short = counts.max() - len(column)
    return np.pad(column, [(0, short)] + [(0, 0)] * (column.ndim - 1))

  def stack(*columns):
    return np.stack([pad(column) for column in columns])

  return jax.tree.map(stack, *splits), counts
