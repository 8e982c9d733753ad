"""Projection of the mean gradient onto what conflicts with no task."""

import jax.numpy as jnp

from mtl_jax.balancers import base, solvers


def make() -> base.Balancer:
  """Lopez-Paz and Ranzato, NeurIPS 2017, arXiv:1706.08840 (GEM)."""

  def update(losses, gram, state, key):
    del losses, key
    cosines, norms = solvers.cosines(gram)
    # v >= 1, in variables norms * v less its bound.
    linear = -jnp.matmul(cosines, norms, precision='highest')
    scale = jnp.maximum(jnp.abs(linear).max(), 1e-30)
    found = solvers.nonnegative(cosines, linear / scale) * scale / norms
    return 1 + jnp.where(solvers.alive(gram), found, 0), state

  return base.Balancer(lambda _: (), update, needs_gram=True)
