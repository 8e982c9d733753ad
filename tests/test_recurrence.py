"""The LSTM equals its equations in plain numpy, and plain autodiff."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax import layers
from tests import small

quick = small.quick

WIDTH, LENGTHS = 4, (5, 1, 3)


@pytest.fixture(scope='module')
def lstm():
  """A cell, random parameters, and a padded batch of three sequences."""
  draw = np.random.default_rng(0)
  mask = jnp.array(np.arange(5) < np.array(LENGTHS)[:, None])
  values = jnp.array(draw.normal(size=(3, 5, 3)), jnp.float32)
  sequence = layers.Sequence(values, mask)
  cell = layers.LSTM(WIDTH)
  shapes = jax.eval_shape(cell.init, jax.random.key(0), sequence)
  variables = jax.tree.map(
    lambda leaf: jnp.array(draw.normal(size=leaf.shape), jnp.float32), shapes
  )
  apply = jax.jit(functools.partial(cell.apply, variables))
  return apply, variables, sequence


def sigmoid(x):
  return 1 / (1 + np.exp(-x))


def plain(params, values):
  """The equations of the paper, step by step, for one sequence."""
  params = jax.tree.map(np.asarray, params)
  hidden, cell = np.zeros(WIDTH), np.zeros(WIDTH)
  for x in np.asarray(values, np.float64):
    gates = x @ params['input_kernel'] + hidden @ params['recurrent_kernel']
    i, f, g, o = np.split(gates + params['bias'], 4)
    cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
    hidden = sigmoid(o) * np.tanh(cell)
  return hidden


def test_lstm_equals_plain_numpy(lstm):
  apply, variables, (values, mask) = lstm
  ours = apply(layers.Sequence(values, mask))
  for row, length in enumerate(LENGTHS):
    expected = plain(variables['params'], values[row, :length])
    np.testing.assert_allclose(ours[row], expected, rtol=1e-5, atol=1e-6)


def test_lstm_of_longer_padding_is_the_same(lstm):
  apply, _, (values, mask) = lstm
  longer = layers.Sequence(
    jnp.concatenate([values, 100 * jnp.ones((3, 2, 3))], axis=1),
    jnp.concatenate([mask, jnp.zeros((3, 2), bool)], axis=1),
  )
  np.testing.assert_array_equal(
    apply(layers.Sequence(values, mask)), apply(longer)
  )


def test_lstm_has_no_gradient_through_padding(lstm):
  apply, _, (values, mask) = lstm
  slope = jax.grad(lambda v: apply(layers.Sequence(v, mask)).sum())(values)
  assert not slope[~mask].any()
  assert (slope[mask] != 0).all()


def test_lstm_reads_in_order(lstm):
  apply, _, (values, mask) = lstm
  forward = apply(layers.Sequence(values, mask))
  swapped = values[:, jnp.array([1, 0, 2, 3, 4])]
  moved = jnp.abs(apply(layers.Sequence(swapped, mask)) - forward).max(axis=1)
  # The second sequence has one word, and the swap brings in its padding.
  assert (moved > 1e-3).all()


def test_lstm_of_nothing_is_zero(lstm):
  apply, _, (values, mask) = lstm
  assert not apply(layers.Sequence(values, jnp.zeros_like(mask))).any()


def test_lstm_starts_with_an_open_forget_gate():
  sequence = layers.Sequence(jnp.ones((1, 2, 3)), jnp.ones((1, 2), bool))
  start = jax.jit(layers.LSTM(WIDTH).init)
  params = start(jax.random.key(0), sequence)['params']
  forget = np.split(np.asarray(params['bias']), 4)
  assert [set(part) for part in forget] == [{0}, {1}, {0}, {0}]
