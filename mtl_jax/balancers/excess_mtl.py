"""Excess risks: tasks that are far from their optimum gain weight."""

import jax
import jax.numpy as jnp

from mtl_jax.balancers import base

RANGES = {'rate': base.Range(1e-3, 0.3, log=True)}


def make(rate: base.Number = 0.01) -> base.Balancer:
  """ExcessMTL: He et al., ICML 2024, arXiv:2402.02009.

  A task's excess risk is estimated from its gradient and the sum of squares of
  all its gradients so far, relative to the estimate at the first step.

  Args:
    rate: of the weights' exponential growth; 0 is `equal`.

  Returns:
    The balancer; its state has the size of K shared gradients.

  Raises:
    ValueError: `rate` is negative.
  """
  base.at_least(0, rate=rate)

  def init(num_tasks, shared):
    squares = jax.tree.map(
      lambda p: jnp.zeros((num_tasks, *p.shape), p.dtype), shared
    )
    ones = jnp.ones(num_tasks)
    # A negative first risk marks a task that has had no gradient yet.
    return {'squares': squares, 'first': -ones, 'weights': ones}

  def update(losses, rows, state, key):
    del key
    squares = jax.tree.map(
      lambda total, g: total + jnp.square(g), state['squares'], rows
    )
    excess = risks(rows, squares)
    # A task without a label in the batch has no gradient and no estimate.
    known, begun = excess > 0, state['first'] > 0
    first = jnp.where(begun | ~known, state['first'], excess)
    grown = jnp.where(begun & known, excess / jnp.where(begun, first, 1), 0)
    # Less the maximum, which the normalisation cancels, so exp cannot overflow.
    weights = state['weights'] * jnp.exp(rate * (grown - grown.max()))
    weights = base.sum_to_tasks(weights)
    state = {'squares': squares, 'first': first, 'weights': weights}
    return base.weighted(weights, rows), state

  return base.Balancer(
    init,
    update,
    needs_grads=True,
    reported_weights=lambda state: state['weights'],
  )


def risks(rows, squares):
  """Estimates excess risks: the sum of `g^2 / sqrt(sum of squares so far)`.

  Args:
    rows: gradients, leaves `[K, ...]`.
    squares: sums of their squares, including this step's.

  Returns:
    `[K]`.
  """

  def one(g, total):
    parts = jnp.square(g) / jnp.sqrt(total + 1e-7)
    return parts.reshape(len(g), -1).sum(1)

  return sum(jax.tree.leaves(jax.tree.map(one, rows, squares)))
