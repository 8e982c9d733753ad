"""Conflict-free projection of each gradient, then their sum (UPGrad)."""

import jax
import jax.numpy as jnp

from mtl_jax.balancers import base, solvers


def make() -> base.Balancer:
  """Quinton and Rey, arXiv:2406.16232: the update conflicts with no gradient.

  Each gradient is projected onto the cone of directions that conflict with no
  gradient; the projections are summed.

  Returns:
    The balancer.
  """

  def update(losses, gram, state, key):
    del losses, key
    cosines, norms = solvers.cosines(gram)

    def projected(column, norm):
      # The dual problem is min v'Gv over v >= e_i; in variables
      # norms * (v - e_i) it has the bound 0 and the matrix of cosines.
      return solvers.nonnegative(cosines, -column) * norm

    excess = jax.vmap(projected)(cosines, norms).sum(0) / norms
    return 1 + jnp.where(solvers.alive(gram), excess, 0), state

  return base.Balancer(lambda _: (), update, needs_gram=True)
