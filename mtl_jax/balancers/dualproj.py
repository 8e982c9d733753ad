"""Projection of the mean gradient onto the directions without conflict."""

import jax.numpy as jnp

from mtl_jax.balancers import base, solvers


def make() -> base.Balancer:
  """Lopez-Paz and Ranzato, NeurIPS 2017, arXiv:1706.08840 (GEM).

  The update is the vector nearest to the sum of the gradients whose inner
  product with none of them is negative.

  Returns:
    The balancer.
  """

  def update(losses, gram, state, key):
    del losses, key
    cosines, norms = solvers.cosines(gram)
    # The dual problem is min v'Gv over v >= 1; in variables norms * (v - 1) it
    # has the bound 0 and the matrix of cosines.
    linear = -jnp.matmul(cosines, norms, precision='highest')
    scale = jnp.maximum(jnp.abs(linear).max(), 1e-30)
    excess = solvers.nonnegative(cosines, linear / scale) * scale / norms
    return 1 + jnp.where(solvers.alive(gram), excess, 0), state

  return base.Balancer(lambda _: (), update, needs_gram=True)
