"""Impartial learning of losses: scales that hold all losses at one."""

import jax.numpy as jnp
import optax

from mtl_jax.balancers import base

RANGES = {'learning_rate': base.Range(1e-4, 1e-2, log=True)}


def make(learning_rate: base.Number = 1e-3) -> base.Balancer:
  """Liu et al., ICLR 2021: weights exp(s), s descending exp(s) L - s.

  Args:
    learning_rate: of s, by its own Adam.
  """
  optimizer = optax.adam(learning_rate)

  def init(num_tasks):
    s = jnp.zeros(num_tasks)
    return s, optimizer.init(s)

  def update(losses, gram, state, key):
    del gram, key
    s, moments = state
    weights = jnp.exp(s)
    # A task without a label in the batch has loss 0, and says nothing.
    slope = jnp.where(losses == 0, 0, weights * losses - 1)
    step, moments = optimizer.update(slope, moments)
    return weights, (s + step, moments)

  # Equal gradients keep their sum only while s is at its start.
  return base.Balancer(init, update, neutral=False)
