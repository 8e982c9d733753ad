"""Impartial learning of losses: scales that keep all losses near one."""

import jax.numpy as jnp
import optax

from mtl_jax.balancers import base

RANGES = {'distance': base.Range(5, 100, log=True)}


def make(distance: base.Number = 20.0, steps: int = 1000) -> base.Balancer:
  """Liu et al., ICLR 2021: weights exp(s), where s minimises exp(s) L - s.

  Args:
    distance: how far ln(weight) can move in a run: the rate of the Adam
      optimizer of s is `distance / steps`.
    steps: of the run, given by the caller.

  Returns:
    The balancer.
  """
  optimizer = optax.adam(distance / steps)

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
