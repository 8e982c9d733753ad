"""Layers equal the native operations, or a reference in plain numpy."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from mtl_jax import layers
from tests import small

quick = small.quick


def native(x, kernel):
  names = ('NHWC', 'HWIO', 'NHWC')
  return lax.conv_general_dilated(
    x, kernel, (1, 1), 'SAME', dimension_numbers=names
  )


def images(height, width, channels=2, batch=3, seed=0):
  shape = (batch, height, width, channels)
  return jax.random.normal(jax.random.key(seed), shape)


@functools.partial(jax.jit, static_argnums=0)
def with_gradients(convolve, x, kernel, direction):
  out, pullback = jax.vjp(convolve, x, kernel)
  return out, *pullback(direction[..., : out.shape[-1]])


@pytest.mark.parametrize('shape', [(4, 6), (5, 3)])
@pytest.mark.parametrize('size', [1, 2, 3, 4, 5])
def test_conv_equals_the_native_one(size, shape):
  x, direction = images(*shape), images(*shape, channels=4, seed=1)
  kernel = jax.random.normal(jax.random.key(2), (size, size, 2, 4))
  ours = with_gradients(layers.conv, x, kernel, direction)
  theirs = with_gradients(native, x, kernel, direction)
  for a, b in zip(ours, theirs, strict=True):
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('axis', [None, 0])
def test_conv_maps_over_kernels(axis):
  x = images(5, 4) if axis is None else images(5, 4, batch=9)
  x = x if axis is None else x.reshape(3, 3, 5, 4, 2)
  kernels = jax.random.normal(jax.random.key(2), (3, 3, 3, 2, 4))
  direction = images(5, 4, channels=4, seed=1)
  maps = functools.partial(jax.vmap, in_axes=(axis, 0, None))
  ours = jax.jit(maps(functools.partial(with_gradients, layers.conv)))
  theirs = jax.jit(maps(functools.partial(with_gradients, native)))
  for a, b in zip(
    ours(x, kernels, direction), theirs(x, kernels, direction), strict=True
  ):
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


@functools.partial(jax.jit, static_argnums=0)
def gradients(function, x, direction):
  out, pullback = jax.vjp(function, x)
  return out, *pullback(direction[:, : out.shape[1], : out.shape[2]])


@pytest.mark.parametrize('shape', [(2, 2), (4, 5), (7, 6)])
def test_max_pool_equals_the_native_one(shape):
  x, direction = images(*shape), images(*shape, seed=1)

  def pool(x):
    window = (1, 2, 2, 1)
    return lax.reduce_window(x, -jnp.inf, lax.max, window, window, 'VALID')

  ours = gradients(layers.max_pool, x, direction)
  theirs = gradients(pool, x, direction)
  for a, b in zip(ours, theirs, strict=True):
    np.testing.assert_array_equal(a, b)


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
