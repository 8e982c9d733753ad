"""Fast adaptive multi-task optimization: losses fall at one rate."""

import jax
import jax.numpy as jnp
import optax

from mtl_jax.balancers import base

RANGES = {
  'learning_rate': base.Range(1e-3, 0.1, log=True),
  'decay': base.Range(1e-5, 1e-2, log=True),
}


def make(
  learning_rate: base.Number = 0.025,
  decay: base.Number = 1e-3,
  lowest: tuple[float, ...] = (),
) -> base.Balancer:
  """Liu, Feng, Stone, Liu, NeurIPS 2023, arXiv:2306.03792.

  Args:
    learning_rate: of the logits, by their own Adam.
    decay: of the logits, added to their gradient.
    lowest: a bound below each loss; () is 0 for all.
  """
  optimizer = optax.adam(learning_rate)

  def above(losses):
    bound = jnp.array(lowest, losses.dtype) if lowest else 0
    return base.positive(losses - bound) + 1e-8

  def init(num_tasks):
    logits = jnp.zeros(num_tasks)
    return logits, optimizer.init(logits)

  def update(losses, gram, state, key):
    del gram, key
    weights = jax.nn.softmax(state[0]) / above(losses)
    # A task without a label in the batch has loss 0.
    return base.among(losses != 0, weights), state

  def after(losses, later, state):
    """The tasks that fell most in the step lose weight."""
    logits, moments = state
    known = losses != 0
    fallen = jnp.log(above(losses)) - jnp.log(above(later))
    fallen = jnp.where(known, fallen, 0)
    shares = jax.nn.softmax(logits)
    slope = shares * (fallen - (shares * fallen).sum()) + decay * logits
    step, moments = optimizer.update(slope, moments)
    return logits + step, moments

  return base.Balancer(init, update, after=after, positive=not lowest)
