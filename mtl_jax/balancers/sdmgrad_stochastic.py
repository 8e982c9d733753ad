"""SDMGrad as analysed: weights from two batches, step on a third."""

import jax.numpy as jnp
from jax import lax

from mtl_jax.balancers import base, solvers

# Of the inner optimisation of the weights, as in the authors' code.
STEPS, RATE, MOMENTUM = 20, 5.0, 0.5

RANGES = {'regard': base.Range(0.05, 3, log=True)}


def make(regard: base.Number = 0.3) -> base.Balancer:
  """Xiao, Ban, Ji, NeurIPS 2023, arXiv:2305.18409; `sdmgrad` is its limit.

  Weights are updated from those of the last step by projected gradient descent.

  Args:
    regard: strength of the pull towards the mean gradient, lambda in the
      paper.

  Returns:
    The balancer.

  Raises:
    ValueError: `regard` is negative.
  """
  base.at_least(0, regard=regard)

  def init(num_tasks):
    return jnp.full(num_tasks, 1 / num_tasks)

  def update(losses, gram, shares, key):
    del key
    size = len(losses)
    # Across two batches the product of a gradient with itself may be negative;
    # such a task does not count in the scale.
    length = jnp.sqrt(jnp.maximum(jnp.diagonal(gram), 0)).mean()
    gram = gram / jnp.maximum(length, 1e-15) ** 2
    shares = descend(gram, regard, shares)
    return size * (shares + regard / size) / (1 + regard), shares

  return base.Balancer(init, update, needs_gram=True, n_batches=3)


def descend(gram, regard, shares):
  """Projected gradient descent with momentum along `M (v + regard u)`.

  Args:
    gram: `[K, K]`, M, scaled to entries of size 1.
    regard: as for `make`; u are equal weights.
    shares: `[K]`, the initial v on the simplex.

  Returns:
    `[K]`, on the simplex.
  """
  constant = regard * gram.mean(1)

  def step(_, carry):
    v, velocity = carry
    velocity = MOMENTUM * velocity + gram @ v + constant
    return solvers.project_on_simplex(v - RATE * velocity), velocity

  start = shares, jnp.zeros_like(shares)
  return lax.fori_loop(0, STEPS, step, start)[0]
