"""Weights from learned homoscedastic uncertainty."""

import jax.numpy as jnp
import optax

from mtl_jax.balancers import base

RANGES = {'learning_rate': base.Range(1e-4, 1e-2, log=True)}


def make(
  kinds: tuple[str, ...] = (), learning_rate: base.Number = 1e-3
) -> base.Balancer:
  """Kendall, Gal, Cipolla, CVPR 2018, arXiv:1705.07115.

  Task t weighs `exp(-s_t)`, where s = log sigma^2 descends
  `exp(-s) L + s` (regression) or `exp(-s) L + s/2` (all else) by its own Adam.

  Args:
    kinds: the tasks' kinds, given by the caller; empty means all regression.
    learning_rate: of s.
  """
  optimizer = optax.adam(learning_rate)

  def init(num_tasks):
    s = jnp.zeros(num_tasks)
    return s, optimizer.init(s)

  def update(losses, gram, state, key):
    del gram, key
    s, moments = state
    weights = jnp.exp(-s)
    slope = _slopes(kinds, len(losses)) - weights * losses
    # A task without a label in the batch has loss 0, and says nothing.
    slope = jnp.where(losses == 0, 0, slope)
    step, moments = optimizer.update(slope, moments)
    return weights, (s + step, moments)

  # Equal gradients keep their sum only while s is at its start.
  return base.Balancer(init=init, update=update, neutral=False)


def _slopes(kinds, num_tasks):
  kinds = kinds or ('regression',) * num_tasks
  return jnp.array([1.0 if kind == 'regression' else 0.5 for kind in kinds])
