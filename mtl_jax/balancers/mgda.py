"""Multiple gradient descent: the shortest vector among all weighted means."""

import jax.numpy as jnp

from mtl_jax.balancers import base, solvers

NORMALISE = ('none', 'l2', 'loss', 'loss+')

RANGES = {'normalise': NORMALISE}


def make(normalise: str = 'none') -> base.Balancer:
  """Desideri (2012); Sener & Koltun, NeurIPS 2018, arXiv:1810.04650.

  Args:
    normalise: what gradients are divided by to find their weights: none,
      their norm (l2), their loss (loss), or both (loss+).
  """
  if normalise not in NORMALISE:
    raise ValueError(f'normalise is {normalise!r}; take one of {NORMALISE}')

  def update(losses, gram, state, key):
    del key
    return weigh(gram, losses, normalise), state

  return base.Balancer(
    lambda _: (), update, needs_gram=True, positive='loss' in normalise
  )


def weigh(
  gram: base.Gram, losses: base.Weights, normalise: str = 'none'
) -> base.Weights:
  """Weights of the gradients as they are, which sum to the number of tasks.

  A gradient of 0 would take all the weight: it keeps 1 and stands aside. Where
  a loss is to divide and is not positive, weights are NaN.
  """
  squares = jnp.diagonal(gram)
  alive = squares > 1e-30
  norms = jnp.sqrt(jnp.where(alive, squares, 1))
  # Per task: by what its gradient is divided, over its norm. In variables
  # y = norms * weights the problem is min y'Cy / 2 - b'y, y >= 0, whose matrix
  # C of cosines is well scaled, and only b depends on `normalise`.
  by_loss = jnp.where(losses > 0, losses, jnp.nan)
  linear = {
    'none': 1 / norms,
    'l2': jnp.ones_like(norms),
    'loss': by_loss / norms,
    'loss+': by_loss,
  }[normalise]
  linear = jnp.where(alive, linear, 0)
  pairs = alive[:, None] & alive[None]
  cosines = jnp.where(pairs, gram / (norms[:, None] * norms[None]), 0)
  weights = solvers.nonnegative(cosines, linear / linear.max()) / norms
  weights = weights / weights.sum() * alive.sum()
  # Where all weights serve, as for equal gradients, they are equal.
  sums = jnp.where(alive, gram.sum(1), 0)
  spread = jnp.where(alive, sums - (sums.sum() / alive.sum()), 0)
  settled = jnp.abs(spread).max() <= 1e-6 * squares.max()
  equal = settled & (normalise == 'none')
  return jnp.where(alive & ~equal, weights, 1)
