"""Impartial learning of gradients: equal projections on all of them."""

import jax.numpy as jnp

from mtl_jax.balancers import base, solvers


def make() -> base.Balancer:
  """Liu et al., ICLR 2021, in the form of arXiv:2406.16232.

  Weights may be negative; where their sum is not positive, there is no answer.
  """

  def update(losses, gram, state, key):
    del losses, key
    return base.among(solvers.alive(gram), weigh(gram)), state

  return base.Balancer(lambda _: (), update, needs_gram=True)


def weigh(gram: base.Gram) -> base.Weights:
  """Weights as published, which sum to 1; NaN where there are none."""
  norms = jnp.sqrt(jnp.diagonal(gram))
  found = solvers.pseudo_inverse_times(gram, norms)
  total = found.sum()
  # In units of the largest gradient; a sum below 0 would turn the step round.
  fine = total * norms.max() > 1e-6
  return jnp.where(fine, found / jnp.where(fine, total, 1), jnp.nan)
