"""Multi-objective optimisation on two batches, its step on a third."""

import jax.numpy as jnp

from mtl_jax.balancers import base, solvers

RANGES = {
  'gamma': base.Range(1e-4, 0.1, log=True),
  'regard': base.Range(0.01, 1, log=True),
}


def make(gamma: base.Number = 1e-3, regard: base.Number = 0.1) -> base.Balancer:
  """Chen, Fernando, Ying, Chen, NeurIPS 2023, arXiv:2305.20057.

  Three batches are drawn for a step, so that the weights' slope has no bias.

  Args:
    gamma: learning rate of the weights; 0 is `equal`.
    regard: for equal weights, rho in the paper.
  """
  base.at_least(0, gamma=gamma, regard=regard)

  def init(num_tasks):
    return jnp.full(num_tasks, 1 / num_tasks)

  def update(losses, gram, shares, key):
    del key
    slope = gram @ shares + regard * shares
    # The least of them changes no projection, and may swallow the shares.
    moved = shares - gamma * (slope - slope.min())
    shares = solvers.project_on_simplex(moved)
    return len(losses) * shares, shares

  return base.Balancer(init, update, needs_gram=True, n_batches=3)
