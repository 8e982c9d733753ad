"""Drawing one of several: the formula, its limits, and its gradient."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from mtl_jax.schemes.parts import gumbel
from tests import small

quick = small.quick

KEY = jax.random.key(3)


def logits(rows=5, n=3):
  draw = np.random.default_rng(0)
  return jnp.array(draw.normal(size=(rows, n)), jnp.float32)


@pytest.mark.parametrize('temperature', [0.5, 5.0])
def test_gumbel_softmax_is_its_formula(temperature):
  noise = np.asarray(jax.random.gumbel(KEY, (5, 3)))
  expected = special.softmax((logits() + noise) / temperature, axis=1)
  drawn = gumbel.gumbel_softmax(logits(), KEY, temperature)
  np.testing.assert_allclose(drawn, expected, rtol=1e-5)


def test_without_temperature_it_is_the_largest_of_a_draw():
  noise = np.asarray(jax.random.gumbel(KEY, (5, 3)))
  expected = np.eye(3)[(logits() + noise).argmax(axis=1)]
  drawn = gumbel.gumbel_softmax(logits(), KEY, 1e-4)
  np.testing.assert_allclose(drawn, expected, atol=1e-6)


def test_draws_fall_as_the_chances_say():
  """The Gumbel-max trick: the largest of a draw follows the softmax."""
  scores = jnp.array([0.0, 1.0, -1.0])
  drawn = gumbel.gumbel_softmax(jnp.tile(scores, (20_000, 1)), KEY, 1.0)
  shares = gumbel.most_likely(drawn).mean(axis=0)
  np.testing.assert_allclose(shares, special.softmax(scores), atol=0.01)


def test_most_likely_is_the_first_of_the_largest_and_has_no_gradient():
  scores = jnp.array([[0.0, 0.0, -1.0], [0.0, 1.0, 2.0]])
  np.testing.assert_array_equal(
    gumbel.most_likely(scores), [[1, 0, 0], [0, 0, 1]]
  )
  weights = jnp.arange(6.0).reshape(2, 3)
  gradient = jax.grad(lambda x: (weights * gumbel.most_likely(x)).sum())(scores)
  assert not gradient.any()


def test_straight_through_is_hard_with_the_gradient_of_soft():
  weights = jnp.arange(15.0).reshape(5, 3)

  def total(x, through):
    soft = gumbel.gumbel_softmax(x, KEY, 2.0)
    result = gumbel.straight_through(soft) if through else soft
    return (weights * result).sum(), result

  hard, through = jax.grad(total, has_aux=True)(logits(), True)[::-1]
  soft, plain = jax.grad(total, has_aux=True)(logits(), False)[::-1]
  np.testing.assert_allclose(hard, gumbel.most_likely(soft), atol=1e-6)
  np.testing.assert_array_equal(through, plain)
  assert np.abs(plain).max() > 0.1
