"""Dual balancing: logarithms of losses, and gradients of equal norm."""

import jax
import jax.numpy as jnp

from mtl_jax.balancers import base

RANGES = {'beta': base.Range(0.0, 0.95)}


def make(beta: base.Number = 0.9, decay: base.Number = 0.0) -> base.Balancer:
  """Lin et al., arXiv:2308.12029.

  The gradients of the losses' logarithms are averaged over steps and scaled to
  the largest of their norms. The average starts at 0 without bias correction,
  so the first update is scaled by 1 - `beta`. Private parameters take the
  gradient of the loss, not of its logarithm as in the paper.

  Args:
    beta: decay rate of the moving average, divided by step^decay; 0 uses the
      step's own gradients.
    decay: see `beta`.

  Returns:
    The balancer; its state has the size of K shared gradients.

  Raises:
    ValueError: `beta` is not between 0 and 1.
  """
  base.within(0, 1, beta=beta)

  def init(num_tasks, shared):
    mean = jax.tree.map(
      lambda p: jnp.zeros((num_tasks, *p.shape), p.dtype), shared
    )
    ones = jnp.ones(num_tasks)
    return {'step': jnp.zeros(()), 'mean': mean, 'weights': ones}

  def update(losses, rows, state, key):
    del key
    # The gradient of log L is g / L.
    step, inverse = state['step'] + 1, 1 / (base.positive(losses) + 1e-8)
    rate = beta / step**decay
    mean = jax.tree.map(
      lambda y, g: rate * y + (1 - rate) * base.by_task(inverse, g) * g,
      state['mean'],
      rows,
    )
    norms = jnp.sqrt(jnp.diagonal(base.gram(mean)))
    # A task without a gradient so far has weight 0, not 1 / 0.
    weights = norms.max() / jnp.where(norms > 0, norms, jnp.inf)
    state = {'step': step, 'mean': mean, 'weights': weights}
    return base.weighted(weights, mean), state

  return base.Balancer(
    init,
    update,
    needs_grads=True,
    neutral=False,
    positive=True,
    reported_weights=lambda state: state['weights'],
  )
