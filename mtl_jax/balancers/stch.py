"""Smooth Tchebycheff scalarization: a smooth maximum of the losses."""

import jax
import jax.numpy as jnp

from mtl_jax.balancers import base

RANGES = {'mu': base.Range(0.1, 2, log=True)}


def make(
  mu: base.Number = 1.0, warmup: base.Number = 0.1, steps: int = 1000
) -> base.Balancer:
  """Lin et al., ICML 2024, arXiv:2402.19078.

  Weights are K times the softmax of `log(loss / nadir) / mu`, divided by the
  loss. With mu = 1 they are static weights 1 / nadir with an adaptive step
  size.

  Args:
    mu: temperature; small values put all weight on the worst task.
    warmup: share of the run with weights 1 / loss, two steps at least. The
      nadir is the mean loss of its second half.
    steps: of the run, given by the caller.

  Returns:
    The balancer.

  Raises:
    ValueError: `warmup` is no share.
  """
  base.within(0, 1, warmup=warmup)

  def init(num_tasks):
    zeros = jnp.zeros(num_tasks)
    return {'nadir': zeros, 'count': zeros, 'step': jnp.zeros((), jnp.int32)}

  def update(losses, gram, state, key):
    del gram, key
    losses, size = base.positive(losses) + 1e-8, len(losses)
    step = state['step']
    # `warmup` may be traced, so that its end is no number yet in `make`.
    last = jnp.maximum(jnp.round(warmup * steps), 2).astype(jnp.int32)
    first = last // 2
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
