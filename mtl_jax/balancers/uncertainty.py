"""Weights from learned homoscedastic uncertainty."""

import jax.numpy as jnp
import optax

from mtl_jax.balancers import base

RANGES = {'distance': base.Range(5, 100, log=True)}


def make(distance: base.Number = 20.0, steps: int = 1000) -> base.Balancer:
  """Kendall, Gal, Cipolla, CVPR 2018, arXiv:1705.07115.

  Task t has weight `exp(-r_t)`, where r minimises `exp(-r) L + r/2`. That is
  the paper's objective for each kind of task: with s = log sigma^2 it has
  `exp(-s) L/2 + s/2` for the squared error L of a regression, which is the same
  with r = s + ln 2 but for a constant, and `exp(-s) L + s/2` for classes. At
  rest a weight is 1 / (2 L). It begins at 1, with r = 0.

  Args:
    distance: how far ln(weight) can move in a run: the rate of the Adam
      optimizer of r is `distance / steps`.
    steps: of the run, given by the caller.

  Returns:
    The balancer.
  """
  optimizer = optax.adam(distance / steps)

  def init(num_tasks):
    r = jnp.zeros(num_tasks)
    return r, optimizer.init(r)

  def update(losses, gram, state, key):
    del gram, key
    r, moments = state
    weights = jnp.exp(-r)
    # A task without a label in the batch has loss 0; its r would fall by that.
    gradient = jnp.where(losses == 0, 0, 0.5 - weights * losses)
    step, moments = optimizer.update(gradient, moments)
    return weights, (r + step, moments)

  # Not neutral: weights sum to K only at the initial r = 0.
  return base.Balancer(init=init, update=update, neutral=False)
