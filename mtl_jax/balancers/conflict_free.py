"""Conflict-free update: equal cosines with all gradients (ConFIG)."""

import jax.numpy as jnp

from mtl_jax.balancers import base, solvers


def make() -> base.Balancer:
  """Liu, Chu, Thuerey, ICLR 2025, arXiv:2408.11104.

  The update has the same cosine with all gradients, and its norm is the sum of
  their projections on it.

  Returns:
    The balancer.
  """

  def update(losses, gram, state, key):
    del losses, key
    cosines, norms = solvers.cosines(gram)
    alive = solvers.alive(gram)
    # C v = 1: v combines unit gradients to a vector with product 1 with each.
    v = solvers.pseudo_inverse_times(cosines, alive.astype(gram.dtype))
    products = jnp.matmul(cosines, v, precision='highest')
    length = jnp.sqrt(jnp.maximum(v @ products, 1e-30))
    # `products` again and not 1: they differ where C is singular.
    projections = jnp.where(alive, norms * products, 0).sum() / length
    weights = projections * v / (norms * length)
    return jnp.where(alive, weights, 1), state

  return base.Balancer(lambda _: (), update, needs_gram=True)
