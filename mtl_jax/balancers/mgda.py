"""Multiple gradient descent: the shortest convex combination of gradients."""

import jax.numpy as jnp

from mtl_jax.balancers import base, solvers

NORMALISE = ('none', 'l2', 'loss', 'loss+')

RANGES = {'normalise': NORMALISE}


def make(normalise: str = 'none') -> base.Balancer:
  """Désidéri (2012); Sener and Koltun, NeurIPS 2018, arXiv:1810.04650.

  Args:
    normalise: what gradients are divided by before the problem is solved:
      nothing ('none'), their norm ('l2'), their loss ('loss'), or both
      ('loss+'). Weights always apply to the raw gradients.

  Returns:
    The balancer.

  Raises:
    ValueError: `normalise` is none of these.
  """
  if normalise not in NORMALISE:
    raise ValueError(
      f'normalise is {normalise!r}; take one of {", ".join(NORMALISE)}'
    )

  def update(losses, gram, state, key):
    del key
    return weigh(gram, losses, normalise), state

  return base.Balancer(
    lambda _: (), update, needs_gram=True, positive='loss' in normalise
  )


def weigh(
  gram: base.Gram, losses: base.Weights, normalise: str = 'none'
) -> base.Weights:
  """Weights of the raw gradients.

  Args:
    gram: `[K, K]`, of the raw gradients.
    losses: `[K]`.
    normalise: as for `make`.

  Returns:
    `[K]`; the weights of tasks with a gradient sum to their number. A gradient
    of 0 would be the shortest combination by itself: it is left out and has
    weight 1. NaN where gradients are divided by losses that are not positive.
  """
  alive = solvers.alive(gram)
  cosines, norms = solvers.cosines(gram)
  # In variables y = norms * weights the problem is min y'Cy / 2 - b'y over
  # y >= 0, up to the length of y. The matrix C of cosines is well scaled, and
  # only b depends on `normalise`: it is the divisor of each gradient over its
  # norm.
  by_loss = jnp.where(losses > 0, losses, jnp.nan)
  linear = {
    'none': 1 / norms,
    'l2': jnp.ones_like(norms),
    'loss': by_loss / norms,
    'loss+': by_loss,
  }[normalise]
  linear = jnp.where(alive, linear, 0)
  weights = solvers.nonnegative(cosines, linear / linear.max()) / norms
  weights = weights / weights.sum() * alive.sum()
  # Where any weights are optimal, as for equal gradients, take equal ones.
  equal = solvers.settled(gram) & (normalise == 'none')
  return jnp.where(alive & ~equal, weights, 1)
