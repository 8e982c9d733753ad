"""Weights from learned homoscedastic uncertainty."""

import jax.numpy as jnp
import optax

from mtl_jax.balancers import base

RANGES = {'learning_rate': base.Range(1e-4, 1e-2, log=True)}


def make(
  kinds: tuple[str, ...] = (), learning_rate: base.Number = 1e-3
) -> base.Balancer:
  """Kendall, Gal, Cipolla, CVPR 2018, arXiv:1705.07115.

  Task t has weight `exp(-s_t)`, where s = log sigma^2 minimises
  `exp(-s) L + s` for regression and `exp(-s) L + s/2` for all other kinds.

  Args:
    kinds: the tasks' kinds, given by the caller; empty means all regression.
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
    weights = jnp.exp(-s)
    gradient = _penalty_gradients(kinds, len(losses)) - weights * losses
    # A task without a label in the batch has loss 0; its s would fall by that.
    gradient = jnp.where(losses == 0, 0, gradient)
    step, moments = optimizer.update(gradient, moments)
    return weights, (s + step, moments)

  # Not neutral: weights sum to K only at the initial s = 0.
  return base.Balancer(init=init, update=update, neutral=False)


def _penalty_gradients(kinds, num_tasks):
  kinds = kinds or ('regression',) * num_tasks
  return jnp.array([1.0 if kind == 'regression' else 0.5 for kind in kinds])
