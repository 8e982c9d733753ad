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
    del key
    return len(losses) * weigh(gram, regard), state

  return base.Balancer(lambda _: (), update, needs_gram=True)


def weigh(gram: base.Gram, regard: base.Number) -> base.Weights:
  """Weights as published, which sum to 1: the best v and the mean."""
  size = len(gram)
  gram = gram / jnp.maximum(jnp.trace(gram), 1e-30)
  mean = jnp.full(size, regard / size, gram.dtype)
  towards = jnp.matmul(gram, mean, precision='highest')
  return (solvers.on_simplex(gram, towards) + mean) / (1 + regard)
