"""Fast adaptive multi-task optimization: all losses fall at one rate."""

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

  Weights are proportional to `z / (loss - lowest)`, where z is the softmax of
  logits that the method learns from how much each log loss falls in a step.

  Args:
    learning_rate: of the Adam optimizer of the logits.
    decay: L2 decay of the logits, added to their gradient.
    lowest: a lower bound of each task's loss; () is 0 for all.

  Returns:
    The balancer; it evaluates each batch a second time, after the step.
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
    """Lowers the weight of the tasks whose loss fell most in the step."""
    logits, moments = state
    known = losses != 0
    fallen = jnp.log(above(losses)) - jnp.log(above(later))
    fallen = jnp.where(known, fallen, 0)
    shares = jax.nn.softmax(logits)
    # The transposed Jacobian of the softmax times `fallen`, and the L2 decay.
    gradient = shares * (fallen - (shares * fallen).sum()) + decay * logits
    step, moments = optimizer.update(gradient, moments)
    return logits + step, moments

  return base.Balancer(init, update, after=after, positive=not lowest)
