"""Multi-objective gradient correction: MGDA on gradients that are followed."""

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

  As the paper has it; its authors' code scales gradients by their losses and
  takes a softmax. The state holds every task's gradient.

  Args:
    beta: how far followed gradients move to the step's, over step^decay.
    gamma: learning rate of the weights, over step^decay.
    decay: see above.
    regard: for equal weights, rho in the paper.
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
    near = beta / step**decay
    followed = jax.tree.map(
      lambda y, g: y + near * (g - y), state['followed'], rows
    )
    gram = base.gram(followed)
    slope = gram @ state['shares'] + regard * state['shares']
    # The least of them changes no projection, and may swallow the shares.
    moved = state['shares'] - gamma / step**decay * (slope - slope.min())
    shares = solvers.project_on_simplex(moved)
    state = {'step': step, 'followed': followed, 'shares': shares}
    return base.weighted(len(losses) * shares, followed), state

  return base.Balancer(init, update, needs_grads=True, told=told)


def told(state):
  return len(state['shares']) * state['shares']
