"""Dropout is flax's, to rounding."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.layers.dropout import Dropout
from mtl_jax.train import noise

X = jax.random.normal(jax.random.key(0), (64, 50))
KEYS = {'jax': jax.random.key(1), 'masks': noise.of_mask(jax.random.key(1))}


def both(rate, key, x=X):
  """Outputs of this library and of Flax, with their gradients."""

  def run(made):
    def total(x):
      out = made.apply({}, x, rngs={'dropout': key})
      return (out * jnp.arange(out.size).reshape(out.shape)).sum(), out

    return jax.grad(total, has_aux=True)(x)

  return run(Dropout(rate, False)), run(nn.Dropout(rate, deterministic=False))


@pytest.mark.parametrize('key', KEYS)
@pytest.mark.parametrize('rate', [0.0, 0.2, 0.5, 1.0])
def test_values_and_gradients_are_those_of_flax(rate, key):
  actual, desired = both(rate, KEYS[key])
  for own, other in zip(actual, desired, strict=True):
    np.testing.assert_allclose(own, other, rtol=1e-6)
  assert actual[1].dtype == X.dtype


def test_half_precision_stays_so():
  (_, out), (_, other) = both(0.3, KEYS['masks'], X.astype(jnp.bfloat16))
  assert out.dtype == jnp.bfloat16
  np.testing.assert_array_equal(out == 0, other == 0)
  np.testing.assert_allclose(
    out.astype(np.float32), other.astype(np.float32), rtol=0.01
  )


def test_outside_training_nothing_happens():
  assert Dropout(0.5, True).apply({}, X) is X
