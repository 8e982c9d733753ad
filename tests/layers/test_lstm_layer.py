"""The LSTM equals its equations in plain numpy, and plain autodiff."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax import layers
from mtl_jax.layers import lstm_layer as recurrence
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
  actual = apply(layers.Sequence(values, mask))
  for row, length in enumerate(LENGTHS):
    expected = plain(variables['params'], values[row, :length])
    np.testing.assert_allclose(actual[row], expected, rtol=1e-5, atol=1e-6)


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
  gradient = jax.grad(lambda v: apply(layers.Sequence(v, mask)).sum())(values)
  assert not gradient[~mask].any()
  assert (gradient[mask] != 0).all()


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


def naive(inputs, recurrent, mask):
  """The scan, for JAX to differentiate."""

  def step(carry, one):
    (hidden, cell), (gates, valid) = carry, one
    i, f, g, o = jnp.split(gates + hidden @ recurrent, 4, axis=-1)
    new = jax.nn.sigmoid(f) * cell + jax.nn.sigmoid(i) * jnp.tanh(g)
    new = jax.nn.sigmoid(o) * jnp.tanh(new), new
    keep = valid[:, None]
    return tuple(map(functools.partial(jnp.where, keep), new, carry)), None

  start = jnp.zeros((mask.shape[1], WIDTH))
  return jax.lax.scan(step, (start, start), (inputs, mask))[0][0]


def gradients(function, inputs, recurrent, mask, cotangent):
  out, pullback = jax.vjp(lambda i, r: function(i, r, mask), inputs, recurrent)
  return out, pullback(cotangent)


def per_slope(function, inputs, recurrent, mask, cotangents):
  _, pullback = jax.vjp(lambda i, r: function(i, r, mask), inputs, recurrent)
  return jax.vmap(pullback)(cotangents)


def curvature(function, inputs, recurrent, mask, cotangent):
  def loss(both):
    return (cotangent * function(*both, mask) ** 2).sum()

  def along(both):
    grads = jax.tree.leaves(jax.grad(loss)(both))
    return sum((jnp.sin(g) * g).sum() for g in grads)

  return jax.grad(along)((inputs, recurrent))


def drawn(*lead, seed=0):
  """Inputs, recurrent kernel, mask and cotangents, with leading axes."""
  keys = jax.random.split(jax.random.key(seed), 3)
  mask = jnp.array(np.arange(5)[:, None] < np.array([*LENGTHS, 0]))
  return (
    jax.random.normal(keys[0], (*lead, *mask.shape, 4 * WIDTH)),
    jax.random.normal(keys[1], (*lead, WIDTH, 4 * WIDTH)),
    mask,
    jax.random.normal(keys[2], (2, 4, WIDTH)),
  )


def agree(transformed):
  """Asserts that the custom rule and autodiff give the same numbers."""
  small.close(
    jax.jit(functools.partial(transformed, recurrence.last_state))(),
    jax.jit(functools.partial(transformed, naive))(),
  )


def test_gradient_is_that_of_the_scan():
  inputs, recurrent, mask, cotangents = drawn()
  agree(lambda f: gradients(f, inputs, recurrent, mask, cotangents[0]))


def test_curvature_is_that_of_the_scan():
  inputs, recurrent, mask, cotangents = drawn()
  agree(lambda f: curvature(f, inputs, recurrent, mask, cotangents[0]))


@pytest.mark.parametrize('axis', [None, 0])
def test_gradient_maps_over_runs_towers_and_task_losses(axis):
  inputs, recurrent, mask, cotangents = drawn(3, 2)
  inputs = inputs if axis == 0 else inputs[:, 0]

  def nested(function):
    one = functools.partial(per_slope, function)
    towers = jax.vmap(one, (axis, 0, None, None))
    return jax.vmap(towers, (0, 0, None, None))(
      inputs, recurrent, mask, cotangents
    )

  agree(nested)


def test_gradient_inside_a_scan_over_runs():
  inputs, recurrent, mask, cotangents = drawn(3)

  def mapped(function):
    one = lambda run: gradients(function, *run, mask, cotangents[0])  # noqa: E731
    return jax.lax.map(one, (inputs, recurrent))

  agree(mapped)


def test_lstm_in_half_precision(lstm):
  apply, variables, (values, mask) = lstm
  narrow = layers.Sequence(values.astype(jnp.bfloat16), mask)
  out = apply(narrow)
  assert out.dtype == jnp.bfloat16
  expected = apply(layers.Sequence(values, mask))
  np.testing.assert_allclose(out, expected, atol=0.05)

  def loss(params):
    cell = layers.LSTM(WIDTH)
    return cell.apply({'params': params}, narrow).astype(float).sum()

  weights = jax.jit(jax.grad(loss))(variables['params'])
  assert all(g.dtype == jnp.float32 for g in jax.tree.leaves(weights))
