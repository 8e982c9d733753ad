"""Multi-objective optimisation: weights from two batches, step on a third."""

import jax.numpy as jnp

from mtl_jax.balancers import base, solvers

RANGES = {
  'gamma': base.Range(1e-4, 0.1, log=True),
  'regard': base.Range(0.01, 1, log=True),
}


def make(gamma: base.Number = 1e-3, regard: base.Number = 0.1) -> base.Balancer:
  """Chen, Fernando, Ying, Chen, NeurIPS 2023, arXiv:2305.20057.

  Three independent batches per step make the gradient of the weights unbiased.

  Args:
    gamma: learning rate of the weights; 0 is `equal`.
    regard: strength of the regularisation towards equal weights, rho in the
      paper.

  Returns:
    The balancer.

  Raises:
    ValueError: a number is negative.
  """
  base.at_least(0, gamma=gamma, regard=regard)

  def init(num_tasks):
    return jnp.full(num_tasks, 1 / num_tasks)

  def update(losses, gram, shares, key):
    del key
    gradient = gram @ shares + regard * shares
    # Subtracting a constant does not change the projection; without it the
    # shares could be lost to rounding in a large gradient.
    moved = shares - gamma * (gradient - gradient.min())
    shares = solvers.project_on_simplex(moved)
    return len(losses) * shares, shares

  return base.Balancer(
    init, update, needs_gram=True, n_batches=3, raw_gram=True
  )
