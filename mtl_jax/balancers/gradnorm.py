"""Gradient normalisation: gradients of one size, larger for slower tasks."""

import jax.numpy as jnp
import optax

from mtl_jax.balancers import base

LEAST = 1e-3  # weight of a task

RANGES = {
  'alpha': base.Range(0.1, 2),
  'learning_rate': base.Range(1e-3, 0.1, log=True),
}


def make(
  alpha: base.Number = 1.5, learning_rate: base.Number = 0.025
) -> base.Balancer:
  """Chen, Badrinarayanan, Lee, Rabinovich, ICML 2018, arXiv:1711.02257.

  Norms are those of all shared parameters; the paper takes the last shared
  layer's. Losses of the first step are what later ones are compared with.

  Args:
    alpha: how much larger the gradients of slower tasks should be.
    learning_rate: of the weights, by their own Adam.
  """
  optimizer = optax.adam(learning_rate)

  def init(num_tasks):
    ones = jnp.ones(num_tasks)
    return {
      'weights': ones,
      'first': -ones,  # not known yet
      'moments': optimizer.init(ones),
    }

  def update(losses, gram, state, key):
    del key
    # A task without a label in the batch has loss 0, and says nothing.
    begins = (state['first'] < 0) & (losses != 0)
    first = jnp.where(begins, losses, state['first'])
    slope = slopes(state['weights'], losses, first, gram, alpha)
    step, moments = optimizer.update(slope, state['moments'])
    weights = jnp.maximum(state['weights'] + step, LEAST)
    new = base.sum_to_tasks(weights)
    state = {'weights': new, 'first': first, 'moments': moments}
    return new, state

  return base.Balancer(init, update, needs_gram=True, positive=True)


def slopes(weights, losses, first, gram, alpha):
  """By the weights, of `sum |w_i n_i - target_i|`, the targets held."""
  norms = jnp.sqrt(jnp.diagonal(gram))
  known = (first > 0) & (losses > 0)
  ratios = jnp.where(known, losses / jnp.where(known, first, 1), 1)
  rates = ratios / ratios.mean()
  targets = (weights * norms).mean() * rates**alpha
  return jnp.where(known, norms * jnp.sign(weights * norms - targets), 0)
