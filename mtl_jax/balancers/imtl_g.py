"""Impartial learning of gradients: equal projections on all of them."""

import jax.numpy as jnp

from mtl_jax.balancers import base, solvers


def make() -> base.Balancer:
  """Liu et al., ICLR 2021, in the form of arXiv:2406.16232.

  Weights may be negative. Where their sum is not positive, the step uses equal
  weights.

  Returns:
    The balancer.
  """

  def update(losses, gram, state, key):
    del losses, key
    return base.among(solvers.alive(gram), weigh(gram)), state

  return base.Balancer(lambda _: (), update, needs_gram=True)


def weigh(gram: base.Gram) -> base.Weights:
  """Weights as published, which sum to 1; NaN where their sum is not positive.

  Args:
    gram: `[K, K]`.

  Returns:
    `[K]`, proportional to `G^+ n`, where n are the gradients' norms.
  """
  norms = jnp.sqrt(jnp.diagonal(gram))
  weights = solvers.pseudo_inverse_times(gram, norms)
  total = weights.sum()
  # Dividing by a negative sum would reverse the step. The bound is relative to
  # the largest gradient, since weights are of the size of 1 / norm.
  valid = total * norms.max() > 1e-6
  return jnp.where(valid, weights / jnp.where(valid, total, 1), jnp.nan)
