"""Gradient normalisation: equal gradient norms, larger for slower tasks."""

import jax.numpy as jnp
import optax

from mtl_jax.balancers import base

LEAST = 1e-3  # lower bound of a task's weight

RANGES = {
  'alpha': base.Range(0.1, 2),
  'learning_rate': base.Range(1e-3, 0.1, log=True),
}


def make(
  alpha: base.Number = 1.5, learning_rate: base.Number = 0.025
) -> base.Balancer:
  """Chen, Badrinarayanan, Lee, Rabinovich, ICML 2018, arXiv:1711.02257.

  Norms are of gradients by all shared parameters; the paper uses those of the
  last shared layer. A task's rate of training is its loss relative to that of
  the first step.

  Args:
    alpha: how much larger the gradients of slower tasks should be.
    learning_rate: of the Adam optimizer of the weights.

  Returns:
    The balancer.
  """
  optimizer = optax.adam(learning_rate)

  def init(num_tasks):
    ones = jnp.ones(num_tasks)
    return {
      'weights': ones,
      'first': -ones,  # a negative loss: not known yet
      'moments': optimizer.init(ones),
    }

  def update(losses, gram, state, key):
    del key
    # A task without a label in the batch has loss 0: its first loss is that of
    # the first batch with one.
    begins = (state['first'] < 0) & (losses != 0)
    first = jnp.where(begins, losses, state['first'])
    gradient = weight_gradients(state['weights'], losses, first, gram, alpha)
    step, moments = optimizer.update(gradient, state['moments'])
    weights = jnp.maximum(state['weights'] + step, LEAST)
    new = base.sum_to_tasks(weights)
    state = {'weights': new, 'first': first, 'moments': moments}
    return new, state

  return base.Balancer(init, update, needs_gram=True, positive=True)


def weight_gradients(weights, losses, first, gram, alpha):
  """The gradient of `sum |w_i n_i - target_i|` by the weights.

  The targets are held constant, as in the paper.

  Args:
    weights: `[K]`, w.
    losses: `[K]`, of this step.
    first: `[K]`, of the first step; negative where not known.
    gram: `[K, K]`, whose diagonal is the squared norms n^2.
    alpha: as for `make`.

  Returns:
    `[K]`; 0 for a task without a label.
  """
  norms = jnp.sqrt(jnp.diagonal(gram))
  known = (first > 0) & (losses > 0)
  ratios = jnp.where(known, losses / jnp.where(known, first, 1), 1)
  rates = ratios / ratios.mean()
  targets = (weights * norms).mean() * rates**alpha
  return jnp.where(known, norms * jnp.sign(weights * norms - targets), 0)
