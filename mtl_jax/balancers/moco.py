"""Multi-objective gradient correction: MGDA on moving averages of gradients."""

import jax
import jax.numpy as jnp

from mtl_jax.balancers import base, solvers

RANGES = {'beta': base.Range(0.1, 1), 'gamma': base.Range(1e-3, 1, log=True)}


def make(
  beta: base.Number = 0.5,
  gamma: base.Number = 0.1,
  decay: base.Number = 0.5,
  regard: base.Number = 0.0,
) -> base.Balancer:
  """Fernando et al., ICLR 2023, arXiv:2210.12624.

  This follows the paper. Its authors' code also multiplies gradients by their
  losses and replaces the projection onto the simplex by a softmax.

  Args:
    beta: step size of the moving average, divided by step^decay.
    gamma: learning rate of the weights, divided by step^decay.
    decay: see `beta`.
    regard: strength of the regularisation towards equal weights, rho in the
      paper.

  Returns:
    The balancer; its state has the size of K shared gradients.

  Raises:
    ValueError: a number is out of its range.
  """
  base.within(0, 1, beta=beta)
  base.at_least(0, gamma=gamma, regard=regard)

  def init(num_tasks, shared):
    followed = jax.tree.map(
      lambda p: jnp.zeros((num_tasks, *p.shape), p.dtype), shared
    )
    shares = jnp.full(num_tasks, 1 / num_tasks)
    return {'step': jnp.zeros(()), 'followed': followed, 'shares': shares}

  def update(losses, rows, state, key):
    del key
    step = state['step'] + 1
    rate = beta / step**decay
    followed = jax.tree.map(
      lambda y, g: y + rate * (g - y), state['followed'], rows
    )
    gram = base.gram(followed)
    gradient = gram @ state['shares'] + regard * state['shares']
    # Subtracting a constant does not change the projection; without it the
    # shares could be lost to rounding in a large gradient.
    change = gradient - gradient.min()
    moved = state['shares'] - gamma / step**decay * change
    shares = solvers.project_on_simplex(moved)
    state = {'step': step, 'followed': followed, 'shares': shares}
    return base.weighted(len(losses) * shares, followed), state

  return base.Balancer(
    init, update, needs_grads=True, reported_weights=_weights
  )


def _weights(state):
  return len(state['shares']) * state['shares']
