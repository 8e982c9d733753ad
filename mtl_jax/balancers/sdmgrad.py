"""Direction-oriented multi-objective descent: MGDA with regard for the mean."""

import jax.numpy as jnp

from mtl_jax.balancers import base, solvers

RANGES = {'regard': base.Range(0.05, 3, log=True)}


def make(regard: base.Number = 0.3) -> base.Balancer:
  """Xiao, Ban, Ji, NeurIPS 2023, arXiv:2305.18409, on one batch, exactly.

  Args:
    regard: for the mean gradient; 0 is `mgda`, a large one `equal`.
  """
  base.at_least(0, regard=regard)

  def update(losses, gram, state, key):
    del losses, key
    live = solvers.alive(gram)
    weights = live.sum() * weigh(gram, regard)
    return jnp.where(live, weights, 1), state

  return base.Balancer(lambda _: (), update, needs_gram=True)


def weigh(gram: base.Gram, regard: base.Number) -> base.Weights:
  """Weights as published, which sum to 1: the best v and the mean."""
  live = solvers.alive(gram)
  mean = live / jnp.maximum(live.sum(), 1).astype(gram.dtype)
  towards = regard * jnp.matmul(gram, mean, precision='highest')
  best = solvers.on_simplex(gram, towards)
  best = jnp.where(solvers.settled(gram), mean, best)
  return (best + regard * mean) / (1 + regard)
