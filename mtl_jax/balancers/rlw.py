"""Random loss weighting."""

import jax

from mtl_jax.balancers import base

KINDS = ('normal', 'dirichlet')

RANGES = {'draw': KINDS}


def make(draw: str = 'normal') -> base.Balancer:
  """Lin, Ye, Zhang, Tsang, TMLR 2022, arXiv:2111.10603.

  Weights are drawn anew in every step.

  Args:
    draw: 'normal' for K times the softmax of standard normal numbers,
      'dirichlet' for K times a uniform point of the simplex.

  Returns:
    The balancer.

  Raises:
    ValueError: `draw` is neither of these.
  """
  if draw not in KINDS:
    raise ValueError(f'draw is {draw!r}; take normal or dirichlet')

  def update(losses, gram, state, key):
    del gram
    size = len(losses)
    if draw == 'normal':
      return size * jax.nn.softmax(jax.random.normal(key, (size,))), state
    # Normalised exponential numbers have the flat Dirichlet distribution.
    shares = jax.random.exponential(key, (size,))
    return size * shares / shares.sum(), state

  return base.Balancer(lambda _: (), update)
