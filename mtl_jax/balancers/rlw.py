"""Random loss weighting."""

import jax

from mtl_jax.balancers import base

KINDS = ('normal', 'dirichlet')

RANGES = {'draw': KINDS}


def make(draw: str = 'normal') -> base.Balancer:
  """Lin, Ye, Zhang, Tsang, TMLR 2022, arXiv:2111.10603.

  Weights are drawn anew in every step: a softmax of standard normal numbers,
  or a point of the simplex that is uniform (`draw='dirichlet'`).
  """
  if draw not in KINDS:
    raise ValueError(f'draw is {draw!r}; take normal or dirichlet')

  def update(losses, gram, state, key):
    del gram
    size = len(losses)
    if draw == 'normal':
      return size * jax.nn.softmax(jax.random.normal(key, (size,))), state
    shares = jax.random.exponential(key, (size,))
    return size * shares / shares.sum(), state

  return base.Balancer(lambda _: (), update)
