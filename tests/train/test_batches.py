"""Every epoch shows every row once, however the steps are cut."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.data import stacked
from mtl_jax.data.base import Split
from mtl_jax.train import accumulation, batches, forward
from tests import small

quick = small.quick


@functools.partial(jax.jit, static_argnames=('steps', 'batch_size', 'size'))
def _rows(key, first, steps, batch_size, size, num_rows):
  return batches.rows(key, first, steps, batch_size, size, num_rows)


def drawn(steps, batch_size, size, num_rows, first=0, seed=0):
  first, num_rows = jnp.array(first), jnp.array(num_rows)
  key = jax.random.key(seed)
  return np.asarray(_rows(key, first, steps, batch_size, size, num_rows))


# (steps, batch, size, rows): whole, uneven, padded to half, batch > data.
CASES = [
  (12, 4, 8, 8),
  (20, 3, 10, 10),
  (20, 3, 10, 7),
  (9, 4, 10, 5),
  (7, 25, 8, 8),
  (7, 25, 8, 4),
  (3, 1, 8, 8),
  (5, 3, 1, 1),
]


@pytest.mark.parametrize(('steps', 'batch', 'size', 'rows'), CASES)
def test_every_epoch_is_a_permutation(steps, batch, size, rows):
  order = drawn(steps, batch, size, rows)
  assert order.shape == (steps, batch)
  whole = order.size // rows * rows
  for epoch in order.reshape(-1)[:whole].reshape(-1, rows):
    np.testing.assert_array_equal(np.sort(epoch), np.arange(rows))
  rest = order.reshape(-1)[whole:]
  assert len(set(rest)) == len(rest)
  assert order.max() < rows  # never a padded row


@pytest.mark.parametrize(('steps', 'batch', 'size', 'rows'), CASES)
def test_cutting_the_steps_changes_nothing(steps, batch, size, rows):
  whole = drawn(steps, batch, size, rows)
  pieces = [drawn(1, batch, size, rows, first=first) for first in range(steps)]
  np.testing.assert_array_equal(whole, np.concatenate(pieces))


def test_epochs_and_seeds_differ():
  epochs = drawn(8, 5, 20, 20).reshape(-1, 20)
  assert not (epochs[0] == epochs[1]).all()
  assert not (drawn(4, 5, 20, 20, seed=1) == epochs[0].reshape(4, 5)).all()


def test_padding_keeps_the_order_uniform():
  """Where a row comes in an epoch does not depend on its number."""
  order = drawn(400, 6, 9, 6).reshape(-1, 6)
  places = np.argsort(order, axis=1).mean(axis=0)
  # Of 400 epochs the mean place of a row has a standard error of .085.
  np.testing.assert_allclose(places, 2.5, atol=0.4)


def test_packed_labels_come_back_whatever_their_types():
  labels = (
    jnp.arange(6.0),
    jnp.arange(6, dtype=jnp.int32),
    jnp.arange(12.0).reshape(6, 2),
    10 * jnp.arange(6.0),
  )
  together = stacked.packed(labels)
  assert len(together.parts) == 3
  assert stacked.shapes_of(together) == stacked.shapes_of(labels)
  small.same(tuple(together), labels)
  rows = jnp.array([[4, 0], [3, 3]])
  small.same(
    tuple(jax.tree.map(lambda own: own[rows], together)),
    tuple(own[rows] for own in labels),
  )
  pair, single = together.of([[3, 0], [2]])
  small.same(
    (pair, single), (jnp.stack([labels[3], labels[0]], 1), labels[2][:, None])
  )


QUOTAS = (batches.Quota(3, 10), batches.Quota(1, 6), batches.Quota(4, 5))
COUNTS = 8, 6, 3  # padded, whole, and fewer rows than its quota


@functools.partial(jax.jit, static_argnames=('steps', 'parts'))
def _of_sources(key, first, steps, counts, parts):
  return batches.of_sources(key, first, steps, QUOTAS, counts, parts)


def of_sources(steps, first=0, parts=1):
  arguments = jnp.array(first), steps, jnp.array(COUNTS), parts
  return np.asarray(_of_sources(jax.random.key(0), *arguments))


def test_every_batch_has_its_quota_of_each_source():
  order = of_sources(24)
  assert order.shape == (24, 8)
  source = np.searchsorted(np.cumsum(COUNTS), order, 'right')
  for s, quota in enumerate(QUOTAS):
    assert ((source == s).sum(axis=1) == quota.rows).all()


def test_every_part_of_a_batch_has_its_share_of_each_source():
  whole, order = of_sources(24), of_sources(24, parts=2)
  np.testing.assert_array_equal(np.sort(order), np.sort(whole))
  batch = Split(jnp.array(order[0]), (), jnp.ones((8, 1), bool))
  system = small.system()._replace(accumulate=2)
  parts = accumulation.parts_of(forward.Point(system, None, batch, None))
  source = np.searchsorted(np.cumsum(COUNTS), parts.rows.inputs, 'right')
  for s, quota in enumerate(QUOTAS):
    # To half a row.
    share = (source == s).sum(axis=1)
    assert (np.abs(share - quota.rows / 2) <= 0.5).all()


def test_every_source_has_epochs_of_its_own():
  order, start = of_sources(24), 0
  for quota, count in zip(QUOTAS, COUNTS, strict=True):
    own = order[(order >= start) & (order < start + count)] - start
    assert len(own) == 24 * quota.rows
    epochs = own.reshape(-1, count)
    np.testing.assert_array_equal(
      np.sort(epochs, axis=1), np.tile(np.arange(count), (len(epochs), 1))
    )
    assert len(np.unique(epochs, axis=0)) > 1
    start += count


def test_cutting_the_steps_changes_no_row_of_a_source():
  pieces = [of_sources(8, first) for first in (0, 8, 16)]
  np.testing.assert_array_equal(of_sources(24), np.concatenate(pieces))
