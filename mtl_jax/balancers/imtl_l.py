"""Impartial learning of losses: scales that keep all losses near one."""

import jax.numpy as jnp
import optax

from mtl_jax.balancers import base

RANGES = {'learning_rate': base.Range(1e-4, 1e-2, log=True)}


def make(learning_rate: base.Number = 1e-3) -> base.Balancer:
  """Liu et al., ICLR 2021: weights exp(s), where s minimises exp(s) L - s.

  Args:
    learning_rate: of the Adam optimizer of s.

  Returns:
    The balancer.
  """
  optimizer = optax.adam(learning_rate)

  def init(num_tasks):
    s = jnp.zeros(num_tasks)
    return s, optimizer.init(s)

  def update(losses, gram, state, key):
    del gram, key
    s, moments = state
    weights = jnp.exp(s)
    # A task without a label in the batch has loss 0; its s would rise by that.
    gradient = jnp.where(losses == 0, 0, weights * losses - 1)
    step, moments = optimizer.update(gradient, moments)
    return weights, (s + step, moments)

  # Not neutral: weights sum to K only at the initial s = 0.
  return base.Balancer(init, update, neutral=False)
