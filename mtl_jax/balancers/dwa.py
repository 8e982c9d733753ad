"""Dynamic weight average: tasks whose loss falls more slowly weigh more."""

import jax
import jax.numpy as jnp

from mtl_jax.balancers import base

RANGES = {'temperature': base.Range(0.5, 10, log=True)}


def make(
  temperature: base.Number = 2.0, steps_per_epoch: int = 1, steps: int = 1000
) -> base.Balancer:
  """Liu, Johns, Davison, CVPR 2019, arXiv:1803.10704, eq. 7.

  Weights are K times the softmax of each task's mean loss in the last epoch
  divided by that of the epoch before; they are 1 in the first two epochs. Where
  a run has fewer than 20 epochs, a twentieth of the run replaces the epoch.

  Args:
    temperature: of the softmax; large values make weights equal.
    steps_per_epoch: given by the caller.
    steps: of the run, given by the caller.

  Returns:
    The balancer.
  """
  period = min(steps_per_epoch, max(1, steps // 20))

  def init(num_tasks):
    ones, zeros = jnp.ones(num_tasks), jnp.zeros(num_tasks)
    return {
      'sum': zeros,
      'count': zeros,
      'last': ones,
      'before': ones,
      'step': jnp.zeros((), jnp.int32),
    }

  def update(losses, gram, state, key):
    del gram, key
    # Sums of the epoch before are read in the first step of the next one.
    ends = state['step'] % period == 0
    mean = state['sum'] / jnp.maximum(state['count'], 1)
    mean = jnp.where(state['count'] > 0, mean, state['last'])
    begun = state['step'] > 0
    state = {
      **state,
      'before': jnp.where(ends & begun, state['last'], state['before']),
      'last': jnp.where(ends & begun, mean, state['last']),
      'sum': jnp.where(ends, 0, state['sum']) + losses,
      # A task without a label in a batch has loss 0 there.
      'count': jnp.where(ends, 0, state['count']) + (losses != 0),
      'step': state['step'] + 1,
    }
    epoch = (state['step'] - 1) // period
    ratio = state['last'] / jnp.maximum(state['before'], 1e-8)
    weights = len(losses) * jax.nn.softmax(ratio / temperature)
    return jnp.where(epoch < 2, 1.0, weights), state

  return base.Balancer(init, update)
