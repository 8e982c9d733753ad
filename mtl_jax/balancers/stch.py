"""Smooth Tchebycheff scalarization: a smooth maximum of the losses."""

import jax
import jax.numpy as jnp

from mtl_jax.balancers import base

RANGES = {'mu': base.Range(0.1, 2, log=True)}


def make(
  mu: base.Number = 1.0, warmup: int = 4, steps_per_epoch: int = 1
) -> base.Balancer:
  """Lin et al., ICML 2024, arXiv:2402.19078.

  Weights are K times the softmax of `log(loss / nadir) / mu`, divided by the
  loss. With mu = 1 they are static weights 1 / nadir with an adaptive step
  size.

  Args:
    mu: temperature; small values put all weight on the worst task.
    warmup: epochs with weights 1 / loss. The nadir is the mean loss of the next
      epoch, which has these weights as well.
    steps_per_epoch: given by the caller.

  Returns:
    The balancer.
  """
  first, last = warmup * steps_per_epoch, (warmup + 1) * steps_per_epoch

  def init(num_tasks):
    zeros = jnp.zeros(num_tasks)
    return {'nadir': zeros, 'count': zeros, 'step': jnp.zeros((), jnp.int32)}

  def update(losses, gram, state, key):
    del gram, key
    losses, size = base.positive(losses) + 1e-8, len(losses)
    step = state['step']
    nadir = state['nadir'] / jnp.maximum(state['count'], 1)
    ratios = jnp.log(losses / jnp.maximum(nadir, 1e-8))
    weights = size * jax.nn.softmax(ratios / mu) / losses
    weights = jnp.where(step < last, 1 / losses, weights)
    # The state holds the sum of losses, so the nadir is their mean.
    counts = (step >= first) & (step < last)
    state = {
      'nadir': state['nadir'] + jnp.where(counts, losses, 0),
      'count': state['count'] + counts,
      'step': step + 1,
    }
    return weights, state

  return base.Balancer(init, update, neutral=False, positive=True)
