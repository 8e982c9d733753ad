"""The GRU equals its equations in plain numpy, and plain autodiff."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax import layers
from mtl_jax.layers import gru_layer as gated
from tests import small

quick = small.quick

WIDTH, LENGTHS = 4, (5, 1, 3)


@pytest.fixture(scope='module')
def gru():
  """A cell, random parameters, and a padded batch of three sequences."""
  draw = np.random.default_rng(0)
  mask = jnp.array(np.arange(5) < np.array(LENGTHS)[:, None])
  values = jnp.array(draw.normal(size=(3, 5, 3)), jnp.float32)
  sequence = layers.Sequence(values, mask)
  cell = layers.GRU(WIDTH)
  shapes = jax.eval_shape(cell.init, jax.random.key(0), sequence)
  variables = jax.tree.map(
    lambda leaf: jnp.array(draw.normal(size=leaf.shape), jnp.float32), shapes
  )
  return jax.jit(cell.apply), variables, sequence


def sigmoid(x):
  return 1 / (1 + np.exp(-x))


def narrow(x):
  """As bfloat16 holds it."""
  return np.asarray(jnp.asarray(x, jnp.bfloat16), np.float64)


def plain(params, values, rounded=np.asarray):
  """The equations, gate by gate, for one sequence.

  `rounded` is done to whatever enters a product.
  """
  params = jax.tree.map(lambda p: np.asarray(p, np.float64), params)
  of_x = np.split(rounded(params['input_kernel']), 3, axis=1)
  of_h = np.split(rounded(params['recurrent_kernel']), 3, axis=1)
  b = np.split(params['bias'], 3)
  h = np.zeros(WIDTH)
  for x in rounded(np.asarray(values, np.float64)):
    low = rounded(h)
    reset = sigmoid(x @ of_x[0] + low @ of_h[0] + b[0])
    update = sigmoid(x @ of_x[1] + low @ of_h[1] + b[1])
    state = low @ of_h[2] + params['state_bias']
    new = np.tanh(x @ of_x[2] + b[2] + reset * state)
    h = (1 - update) * new + update * h
  return h


def expected(params, values, rounded=np.asarray):
  rows = zip(values, LENGTHS, strict=True)
  return np.stack([plain(params, x[:n], rounded) for x, n in rows])


def test_gru_equals_plain_numpy(gru):
  apply, variables, (values, mask) = gru
  actual = apply(variables, layers.Sequence(values, mask))
  desired = expected(variables['params'], values)
  np.testing.assert_allclose(actual, desired, rtol=1e-5, atol=1e-6)


def test_products_alone_are_in_half_precision(gru):
  """Gates and state are in float32, biases too; the last state is rounded."""
  apply, variables, (values, mask) = gru
  half = layers.Sequence(values.astype(jnp.bfloat16), mask)
  actual = apply(variables, half)
  assert actual.dtype == jnp.bfloat16
  actual = np.asarray(actual, np.float64)
  desired = narrow(expected(variables['params'], values, narrow))
  wide = narrow(expected(variables['params'], values))
  np.testing.assert_allclose(actual, desired, rtol=2**-8)
  # Or the test could not tell rounded products from others.
  assert (np.abs(actual - wide) > 2**-8 * np.abs(wide)).any()


def test_gru_of_longer_padding_is_the_same(gru):
  apply, variables, (values, mask) = gru
  longer = layers.Sequence(
    jnp.concatenate([values, 100 * jnp.ones((3, 2, 3))], axis=1),
    jnp.concatenate([mask, jnp.zeros((3, 2), bool)], axis=1),
  )
  np.testing.assert_array_equal(
    apply(variables, layers.Sequence(values, mask)), apply(variables, longer)
  )


def test_gru_has_no_gradient_through_padding(gru):
  apply, variables, (values, mask) = gru

  def total(values):
    return apply(variables, layers.Sequence(values, mask)).sum()

  gradient = jax.grad(total)(values)
  assert not gradient[~mask].any()
  assert (gradient[mask] != 0).all()


def test_gru_reads_in_order(gru):
  apply, variables, (values, mask) = gru
  forward = apply(variables, layers.Sequence(values, mask))
  swapped = values[:, jnp.array([1, 0, 2, 3, 4])]
  backward = apply(variables, layers.Sequence(swapped, mask))
  # The second sequence has one word, and the swap brings in its padding.
  assert (jnp.abs(backward - forward).max(axis=1) > 1e-3).all()


def test_gru_of_nothing_is_zero(gru):
  apply, variables, (values, mask) = gru
  nothing = layers.Sequence(values, jnp.zeros_like(mask))
  assert not apply(variables, nothing).any()


def naive(inputs, recurrent, bias, mask):
  """The scan, for JAX to differentiate."""

  def step(hidden, one):
    given, valid = one
    x, h = (jnp.split(v, 3, -1) for v in (given, hidden @ recurrent))
    reset, update = (jax.nn.sigmoid(x[i] + h[i]) for i in (0, 1))
    new = jnp.tanh(x[2] + reset * (h[2] + bias[None]))
    after = (1 - update) * new + update * hidden
    return jnp.where(valid[:, None], after, hidden), None

  start = jnp.zeros((mask.shape[1], WIDTH))
  return jax.lax.scan(step, start, (inputs, mask))[0]


def pull(function, arguments, mask):
  return jax.vjp(lambda *a: function(*a, mask), *arguments)


def gradients(function, arguments, mask, cotangent):
  out, pullback = pull(function, arguments, mask)
  return out, pullback(cotangent)


def curvature(function, arguments, mask, cotangent):
  def loss(arguments):
    return (cotangent * function(*arguments, mask) ** 2).sum()

  def along(arguments):
    grads = jax.tree.leaves(jax.grad(loss)(arguments))
    return sum((jnp.sin(g) * g).sum() for g in grads)

  return jax.grad(along)(arguments)


def drawn(*lead, seed=0):
  """Inputs, recurrent kernel and bias, with leading axes; mask, cotangents."""
  keys = jax.random.split(jax.random.key(seed), 4)
  mask = jnp.array(np.arange(5)[:, None] < np.array([*LENGTHS, 0]))
  shapes = (*mask.shape, 3 * WIDTH), (WIDTH, 3 * WIDTH), (WIDTH,)
  arguments = tuple(
    jax.random.normal(key, (*lead, *shape))
    for key, shape in zip(keys, shapes, strict=False)
  )
  return arguments, mask, jax.random.normal(keys[3], (2, 4, WIDTH))


def agree(transformed):
  """Asserts that the custom rule and autodiff give the same numbers."""
  small.close(
    jax.jit(functools.partial(transformed, gated.last_state))(),
    jax.jit(functools.partial(transformed, naive))(),
  )


@pytest.mark.parametrize('order', [gradients, curvature])
def test_derivatives_are_those_of_the_scan(order):
  arguments, mask, cotangents = drawn()
  agree(lambda f: order(f, arguments, mask, cotangents[0]))


@pytest.mark.parametrize('axis', [None, 0])
def test_gradient_maps_over_runs_towers_and_task_losses(axis):
  (inputs, *weights), mask, cotangents = drawn(3, 2)
  inputs = inputs if axis == 0 else inputs[:, 0]

  def nested(function):
    def one(*arguments):
      return jax.vmap(pull(function, arguments, mask)[1])(cotangents)

    towers = jax.vmap(one, (axis, 0, 0))
    return jax.vmap(towers)(inputs, *weights)

  agree(nested)


def test_gradient_inside_a_scan_over_runs():
  arguments, mask, cotangents = drawn(3)

  def mapped(function):
    return jax.lax.map(
      lambda run: gradients(function, run, mask, cotangents[0]), arguments
    )

  agree(mapped)


@pytest.mark.parametrize('dtype', [jnp.float32, jnp.bfloat16])
def test_every_parameter_gets_its_gradient_in_its_own_dtype(gru, dtype):
  """Of all four, whose products may be narrow; against the naive scan."""
  _, variables, (values, mask) = gru
  params = jax.tree.map(lambda p: p.astype(dtype), variables['params'])
  sequence = layers.Sequence(values.astype(dtype), mask)

  def actual(params):
    out = layers.GRU(WIDTH).apply({'params': params}, sequence)
    return jnp.sin(out.astype(jnp.float32)).sum()

  def desired(params):
    given = values.swapaxes(0, 1) @ params['input_kernel']
    rest = params['recurrent_kernel'], params['state_bias']
    out = naive(given + params['bias'][None, None], *rest, mask.swapaxes(0, 1))
    return jnp.sin(out).sum()

  result = jax.jit(jax.grad(actual))(params)
  assert {g.dtype for g in jax.tree.leaves(result)} == {jnp.dtype(dtype)}
  wide = jax.jit(jax.grad(desired))(variables['params'])
  assert set(result) == {
    'input_kernel', 'recurrent_kernel', 'bias', 'state_bias'
  }  # fmt: skip
  result = jax.tree.map(lambda g: g.astype(jnp.float32), result)
  small.close(result, wide, 1e-5 if dtype == jnp.float32 else 0.1)
