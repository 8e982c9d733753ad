"""The plain sum."""

import jax
import jax.numpy as jnp
import numpy as np

from mtl_jax.balancers import equal


def test_weights_are_one_whatever_the_losses():
  method = equal.make()
  losses = jnp.array([1e6, 0.0, -3.0])
  weights, _ = method.update(losses, None, method.init(3), jax.random.key(0))
  np.testing.assert_array_equal(weights, 1)
