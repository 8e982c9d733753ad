"""Direction-oriented multi-objective descent: MGDA near the mean gradient."""

import jax.numpy as jnp

from mtl_jax.balancers import base, solvers

RANGES = {'regard': base.Range(0.05, 3, log=True)}


def make(regard: base.Number = 0.3) -> base.Balancer:
  """Xiao, Ban, Ji, NeurIPS 2023, arXiv:2305.18409, on one batch, exactly.

  Args:
    regard: strength of the pull towards the mean gradient, lambda in the
      paper; 0 is `mgda`, a large value approaches `equal`.

  Returns:
    The balancer.

  Raises:
    ValueError: `regard` is negative.
  """
  base.at_least(0, regard=regard)

  def update(losses, gram, state, key):
    del losses, key
    live = solvers.alive(gram)
    weights = live.sum() * weigh(gram, regard)
    return jnp.where(live, weights, 1), state

  return base.Balancer(lambda _: (), update, needs_gram=True)


def weigh(gram: base.Gram, regard: base.Number) -> base.Weights:
  """Weights as published: `(v + regard u) / (1 + regard)`, of sum 1.

  Here v on the simplex minimises the norm of this combination of gradients, and
  u are equal weights.

  Args:
    gram: `[K, K]`.
    regard: as for `make`.

  Returns:
    `[K]`.
  """
  live = solvers.alive(gram)
  mean = live / jnp.maximum(live.sum(), 1).astype(gram.dtype)
  towards = regard * jnp.matmul(gram, mean, precision='highest')
  best = solvers.on_simplex(gram, towards)
  # Where any v is optimal, as for equal gradients, take equal weights.
  best = jnp.where(solvers.settled(gram), mean, best)
  return (best + regard * mean) / (1 + regard)
