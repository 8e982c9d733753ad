"""Unconflicting projection of each gradient, then their sum."""

import jax
import jax.numpy as jnp

from mtl_jax.balancers import base, solvers


def make() -> base.Balancer:
  """Quinton and Rey, arXiv:2406.16232: no gradient is opposed by the result.

  Each gradient is projected onto the cone of directions that conflict with
  none; the projections are summed.
  """

  def update(losses, gram, state, key):
    del losses, key
    cosines, norms = solvers.cosines(gram)

    def projected(column, norm):
      # v >= e_i, in variables norms * v less its bound.
      return solvers.nonnegative(cosines, -column) * norm

    found = jax.vmap(projected)(cosines, norms).sum(0) / norms
    return 1 + jnp.where(solvers.alive(gram), found, 0), state

  return base.Balancer(lambda _: (), update, needs_gram=True)
