"""Conflict-free update: equal cosines with all gradients (ConFIG)."""

import jax.numpy as jnp

from mtl_jax.balancers import base, solvers


def make() -> base.Balancer:
  """Liu, Chu, Thuerey, ICLR 2025, arXiv:2408.11104.

  The direction with one cosine to all gradients, as long as the sum of their
  projections on it.
  """

  def update(losses, gram, state, key):
    del losses, key
    cosines, norms = solvers.cosines(gram)
    alive = solvers.alive(gram)
    found = solvers.pseudo_inverse_times(cosines, alive.astype(gram.dtype))
    shares = jnp.matmul(cosines, found, precision='highest')
    length = jnp.sqrt(jnp.maximum(found @ shares, 1e-30))
    along = jnp.where(alive, norms * shares, 0).sum() / length
    weights = along * found / (norms * length)
    return jnp.where(alive, weights, 1), state

  return base.Balancer(lambda _: (), update, needs_gram=True)
