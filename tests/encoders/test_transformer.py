"""The transformer: words see each other, their order, and no padding."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax import layers
from mtl_jax.encoders import transformer
from mtl_jax.layers import attention
from mtl_jax.schemes import base
from tests import small

quick = small.quick

WORDS = np.array([[3, 1, 2, 5], [4, 6, 0, 0], [0, 0, 0, 0]])


@pytest.fixture(scope='module')
def encoder():
  """`apply(params, words)` and random parameters."""
  module = base.Encoder(small.stages('transformer', depth=2))
  words = jnp.array(WORDS)
  shapes = jax.eval_shape(
    lambda x: module.init(jax.random.key(0), x, False), words
  )
  draw = np.random.default_rng(0)
  params = jax.tree.map(
    lambda x: jnp.array(draw.normal(size=x.shape), jnp.float32), shapes
  )
  return jax.jit(lambda p, x: module.apply(p, x, False)), params


def test_padding_changes_nothing(encoder):
  apply, params = encoder
  short, mask = apply(params, jnp.array(WORDS))
  longer, _ = apply(params, jnp.pad(jnp.array(WORDS), [(0, 0), (0, 2)]))
  small.close(longer[:, :4][mask], short[mask])


def test_what_stands_under_padding_is_not_seen(encoder):
  apply, params = encoder
  words = params['params']['stage_0']['Embed_0']['embedding']
  other = jax.tree.map(lambda x: x, params)
  changed = words.at[0].add(100.0)
  other['params']['stage_0']['Embed_0']['embedding'] = changed
  values, mask = apply(params, jnp.array(WORDS))
  small.same(apply(other, jnp.array(WORDS)).values[mask], values[mask])


def test_words_are_read_in_order(encoder):
  apply, params = encoder
  turned = jnp.array(WORDS)[:, jnp.array([1, 0, 2, 3])]
  moved = base.summary(apply(params, turned)) - base.summary(
    apply(params, jnp.array(WORDS))
  )
  assert (jnp.abs(moved).max(axis=1)[:2] > 1e-3).all()


def test_every_word_reaches_every_other(encoder):
  apply, params = encoder
  changed = jnp.array(WORDS).at[:2, 1].set(2)
  before = apply(params, jnp.array(WORDS)).values
  moved = jnp.abs(apply(params, changed).values - before).max(-1)
  assert (moved[0] > 1e-4).all()
  assert (moved[1, :2] > 1e-4).all()


def test_a_row_of_padding_alone_is_finite(encoder):
  apply, params = encoder

  def loss(params):
    return (base.summary(apply(params, jnp.array(WORDS))) ** 2).sum()

  gradients = jax.jit(jax.grad(loss))(params)
  assert all(jnp.isfinite(g).all() for g in jax.tree.leaves(gradients))
  assert jnp.isfinite(apply(params, jnp.array(WORDS)).values).all()


def test_curvature_agrees_with_differences(encoder):
  apply, params = encoder

  def gradient(params):
    read = lambda p: base.summary(apply(p, jnp.array(WORDS))).sum()  # noqa: E731
    return jax.grad(read)(params)

  along = jax.tree.map(jnp.ones_like, params)

  def dot(params):
    pairs = zip(*map(jax.tree.leaves, (gradient(params), along)), strict=True)
    return sum((g * a).sum() for g, a in pairs)

  actual = jax.jit(jax.grad(dot))(params)
  step = functools.partial(jax.tree.map, lambda p, a: p + 1e-3 * a, params)
  back = functools.partial(jax.tree.map, lambda p, a: p - 1e-3 * a, params)
  one = jax.jit(gradient)
  expected = jax.tree.map(
    lambda a, b: (a - b) / 2e-3, one(step(along)), one(back(along))
  )
  scale = max(float(jnp.abs(x).max()) for x in jax.tree.leaves(expected))
  for a, b in zip(*map(jax.tree.leaves, (actual, expected)), strict=True):
    np.testing.assert_allclose(a, b, atol=0.01 * scale)


@pytest.mark.parametrize('width', [2, 7])
def test_product_has_the_gradients_of_a_product(width):
  keys = jax.random.split(jax.random.key(0), 3)
  x = jax.random.normal(keys[0], (3, 5, 4))
  kernel = jax.random.normal(keys[1], (3, 4, width))
  gradients = jax.random.normal(keys[2], (2, 5, width))

  def nested(function):
    def one(x, kernel):
      return jax.vmap(jax.vjp(function, x, kernel)[1])(gradients)

    return jax.vmap(one)(x, kernel)

  small.close(nested(attention.product), nested(jnp.matmul))


def test_attention_equals_plain_numpy():
  draw = np.random.default_rng(0)
  q, k, v = draw.normal(size=(3, 1, 3, 2, 4)).astype(np.float32)
  mask = jnp.array([[True, True, False]])
  actual = attention.attend(jnp.array(q), jnp.array(k), jnp.array(v), mask)
  for head in range(2):
    scores = np.exp(q[0, :, head] @ k[0, :2, head].T / 2)
    weights = scores / scores.sum(1, keepdims=True)
    expected = weights @ v[0, :2, head]
    np.testing.assert_allclose(actual[0, :, head], expected, rtol=1e-5)


def test_half_precision_stays_half():
  block = layers.AttentionBlock(2, 2, 0.0)
  values = jax.random.normal(jax.random.key(0), (2, 3, 4))
  mask = jnp.ones((2, 3), bool)
  variables = block.init(
    jax.random.key(1), layers.Sequence(values, mask), False
  )
  narrow = layers.Sequence(values.astype(jnp.bfloat16), mask)
  out = block.apply(variables, narrow, False).values
  assert out.dtype == jnp.bfloat16
  wide = block.apply(variables, layers.Sequence(values, mask), False).values
  np.testing.assert_allclose(out.astype(float), wide, atol=0.1)


@pytest.mark.parametrize(
  ('x', 'says'),
  [
    (jnp.ones((2, 5)), 'use encoder mlp'),
    (jnp.ones((2, 9), jnp.int32), 'max_len=9'),
  ],
)
def test_refuses_with_a_remedy(x, says):
  module = base.Encoder(small.stages('transformer'))
  with pytest.raises(ValueError, match=says):
    jax.eval_shape(lambda x: module.init(jax.random.key(0), x, False), x)


def test_heads_divide_the_width():
  with pytest.raises(ValueError, match='heads that divide'):
    transformer.make(width=6, heads=4)
