"""SDMGrad as it is analysed: weights of two batches, the step of a third."""

import jax.numpy as jnp
from jax import lax

from mtl_jax.balancers import base, solvers

STEPS, RATE, MOMENTUM = 20, 5.0, 0.5

RANGES = {'regard': base.Range(0.05, 3, log=True)}


def make(regard: base.Number = 0.3) -> base.Balancer:
  """Xiao, Ban, Ji, NeurIPS 2023, arXiv:2305.18409; `sdmgrad` is its limit.

  Weights go on from those of the last step by projected gradient steps.

  Args:
    regard: for the mean gradient.
  """
  base.at_least(0, regard=regard)

  def init(num_tasks):
    return jnp.full(num_tasks, 1 / num_tasks)

  def update(losses, gram, shares, key):
    del key
    size = len(losses)
    # Of two batches these may be negative, and tell no length then.
    length = jnp.sqrt(jnp.maximum(jnp.diagonal(gram), 0)).mean()
    gram = gram / jnp.maximum(length, 1e-15) ** 2
    shares = descend(gram, regard, shares)
    return size * (shares + regard / size) / (1 + regard), shares

  return base.Balancer(init, update, needs_gram=True, n_batches=3)


def descend(gram, regard, shares):
  """Steps along `M (v + regard u)` with momentum, kept on the simplex."""
  constant = regard * gram.mean(1)

  def step(_, carry):
    v, velocity = carry
    velocity = MOMENTUM * velocity + gram @ v + constant
    return solvers.project_on_simplex(v - RATE * velocity), velocity

  start = shares, jnp.zeros_like(shares)
  return lax.fori_loop(0, STEPS, step, start)[0]
