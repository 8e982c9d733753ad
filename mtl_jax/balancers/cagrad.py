"""Conflict-averse gradient: the worst task's gain near the mean gradient."""

import jax.numpy as jnp

from mtl_jax.balancers import base, solvers
from mtl_jax.balancers.solvers import active_sets

RESCALE = ('neutral', 'paper')

RANGES = {'c': base.Range(0.1, 0.9)}


def make(c: base.Number = 0.4, rescale: str = 'neutral') -> base.Balancer:
  """Liu, Liu, Jin, Stone, Liu, NeurIPS 2021, arXiv:2110.14048.

  Args:
    c: radius of the ball around the mean gradient, over its length; 0 is
      `equal`.
    rescale: by 1 + c, so that equal gradients keep their sum, or as in the
      paper by 1 + c^2.
  """
  base.at_least(0, c=c)
  if rescale not in RESCALE:
    raise ValueError(f'rescale is {rescale!r}; take neutral or paper')

  def update(losses, gram, state, key):
    del key
    factor = 1 + c if rescale == 'neutral' else 1 + c**2
    weights = len(losses) * weigh(gram, c) / factor
    return jnp.where(solvers.alive(gram), weights, 1), state

  return base.Balancer(
    lambda _: (), update, needs_gram=True, neutral=rescale == 'neutral'
  )


def weigh(gram: base.Gram, c: base.Number) -> base.Weights:
  """Weights as published: the mean's, and those of the way to the worst.

  Where the mean is 0, there is no way to go.
  """
  cosines, norms = solvers.cosines(gram)
  live = solvers.alive(gram)
  norms = norms / jnp.where(live, norms, 1e-30).max()
  # In y = norms * weights, and in units of the mean's length.
  mean = jnp.where(live, norms / len(gram), 0)
  towards = jnp.matmul(cosines, mean, precision='highest')
  square = mean @ towards
  length = jnp.sqrt(jnp.maximum(square, 1e-12))
  prices = jnp.where(live, jnp.where(live, norms, jnp.inf).min() / norms, 0)
  way = length * worst_case(cosines, towards / length, prices, c) / norms
  way = jnp.where(solvers.settled(gram), c / len(gram), way)
  return 1 / len(gram) + jnp.where((square > 1e-12) & (c > 0), way, 0)


def worst_case(
  cosines: base.Gram,
  towards: base.Weights,
  prices: base.Weights,
  c: base.Number,
) -> base.Weights:
  """Least `b'y + c sqrt(y'Qy)` for `prices @ y = 1`, y >= 0, of length c.

  The length is the root, and Q is `cosines` and a small ridge. Optimal is
  where `Q y + b = level * prices`, or more where y = 0.
  """
  matrix = active_sets.ridged(cosines)

  def on_faces(chosen):
    right = jnp.stack([prices, towards], 1)
    ascent, pull = jnp.moveaxis(
      active_sets.solve_on(matrix, right, chosen), 2, 0
    )
    total = ascent @ prices
    level = (pull @ prices) / total
    # `pull` splits into what goes along `ascent` and what is at right angles
    # with it, of which the lengths' squares are summed.
    side = pull - level[:, None] * ascent
    room = c**2 - (side * jnp.matmul(side, matrix, precision='highest')).sum(1)
    rise = jnp.sqrt(room / total)  # NaN where the face has no such y
    right = (level + rise)[:, None] * prices[None] - towards[None]
    return rise[:, None] * ascent - side, right

  def near():
    rate = 1 / active_sets.largest(matrix)

    def move(y):
      pushed = jnp.matmul(matrix, y, precision='highest')
      length = jnp.sqrt(jnp.maximum(y @ pushed, 1e-20))
      return rate * (pushed + length / jnp.maximum(c, 1e-12) * towards)

    start = prices / jnp.maximum(prices @ prices, 1e-30)
    y = active_sets.descend(
      move, lambda y: active_sets.project(y, prices), start
    )
    pushed = jnp.matmul(matrix, y, precision='highest')
    scale = c / jnp.sqrt(jnp.maximum(y @ pushed, 1e-20))
    level = y @ (scale * pushed + towards)  # `prices @ y` is 1
    return scale * y, level * prices - towards

  return active_sets.search(matrix, on_faces, near)
