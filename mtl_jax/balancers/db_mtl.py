"""Dual balancing: logarithms of losses, gradients of one length."""

import jax
import jax.numpy as jnp

from mtl_jax.balancers import base

RANGES = {'beta': base.Range(0.0, 0.95)}


def make(beta: base.Number = 0.9, decay: base.Number = 0.0) -> base.Balancer:
  """Lin et al., arXiv:2308.12029.

  Gradients of the losses' logarithms are averaged over steps, and all made as
  long as the longest. The mean starts at 0: the first update is 1 - `beta` of
  itself. Task parameters keep the gradient of the loss, not of its logarithm.

  Args:
    beta: of the mean over steps, over step^decay; 0 is none.
    decay: see above.
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
    step, logs = state['step'] + 1, 1 / (base.positive(losses) + 1e-8)
    kept = beta / step**decay
    mean = jax.tree.map(
      lambda y, g: kept * y + (1 - kept) * base.by_task(logs, g) * g,
      state['mean'],
      rows,
    )
    lengths = jnp.sqrt(jnp.diagonal(base.gram(mean)))
    weights = lengths.max() / jnp.where(lengths > 1e-15, lengths, jnp.inf)
    state = {'step': step, 'mean': mean, 'weights': weights}
    return base.weighted(weights, mean), state

  return base.Balancer(
    init,
    update,
    needs_grads=True,
    neutral=False,
    positive=True,
    told=lambda state: state['weights'],
  )
