"""Conflict-averse gradient: the worst task's gain near the mean gradient."""

import jax.numpy as jnp

from mtl_jax.balancers import base, solvers
from mtl_jax.balancers.solvers import active_sets

RESCALE = ('neutral', 'paper')

RANGES = {'c': base.Range(0.1, 0.9)}


def make(c: base.Number = 0.4, rescale: str = 'neutral') -> base.Balancer:
  """Liu, Liu, Jin, Stone, Liu, NeurIPS 2021, arXiv:2110.14048.

  Args:
    c: radius of the ball around the mean gradient, relative to its norm; 0 is
      `equal`.
    rescale: 'neutral' divides by 1 + c, so that equal gradients keep their
      sum; 'paper' by 1 + c^2.

  Returns:
    The balancer.

  Raises:
    ValueError: `c` is negative, or `rescale` is neither of these.
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
  """Weights as published: `1 / K + c |g0| v / |J'v|`.

  Args:
    gram: `[K, K]`.
    c: radius of the ball, relative to the norm of the mean gradient `g0`.

  Returns:
    `[K]`; `1 / K` where the mean gradient is 0 and the ball has no size.
  """
  cosines, norms = solvers.cosines(gram)
  live = solvers.alive(gram)
  norms = norms / jnp.where(live, norms, 1e-30).max()
  # In variables y = norms * v, and in units of the mean gradient's norm.
  mean = jnp.where(live, norms / len(gram), 0)
  towards = jnp.matmul(cosines, mean, precision='highest')
  square = mean @ towards
  length = jnp.sqrt(jnp.maximum(square, 1e-12))
  # sum(v) = 1 becomes costs @ y = 1, up to a factor that `c` fixes below.
  costs = jnp.where(live, jnp.where(live, norms, jnp.inf).min() / norms, 0)
  change = length * worst_case(cosines, towards / length, costs, c) / norms
  # Any v is optimal if the mean helps all tasks equally: take equal weights.
  change = jnp.where(solvers.settled(gram), c / len(gram), change)
  return 1 / len(gram) + jnp.where((square > 1e-12) & (c > 0), change, 0)


def worst_case(
  cosines: base.Gram,
  towards: base.Weights,
  costs: base.Weights,
  c: base.Number,
) -> base.Weights:
  """Minimises `b'y + c sqrt(y'Qy)` over y >= 0 with `costs @ y = 1`.

  The objective is homogeneous, so the minimiser is returned with `sqrt(y'Qy)`
  equal to `c`, for which the condition is linear: `Q y + b = level * costs`
  where y > 0, and `>=` where y = 0.

  Args:
    cosines: `[K, K]`; Q is this and a small ridge.
    towards: `[K]`, b: inner products with the mean gradient.
    costs: `[K]`, of the constraint; 0 excludes a task.
    c: as for `make`.

  Returns:
    y `[K]`, scaled so that `sqrt(y'Qy) = c`.
  """
  matrix = active_sets.ridged(cosines)

  def on_faces(chosen):
    right = jnp.stack([costs, towards], 1)
    ascent, pull = jnp.moveaxis(
      active_sets.solve_on(matrix, right, chosen), 2, 0
    )
    total = ascent @ costs
    level = (pull @ costs) / total
    # `pull` is the sum of a multiple of `ascent` and of `side`, which are
    # orthogonal in Q: the squares of their lengths add up to c^2.
    side = pull - level[:, None] * ascent
    room = c**2 - (side * jnp.matmul(side, matrix, precision='highest')).sum(1)
    rise = jnp.sqrt(room / total)  # NaN where the face has no such y
    right = (level + rise)[:, None] * costs[None] - towards[None]
    return rise[:, None] * ascent - side, right

  def approximate():
    # The step length / (c L) is recomputed from y: with it a step minimises a
    # quadratic upper bound of the objective that touches it at y.
    rate = 1 / active_sets.largest(matrix)

    def move(y):
      pushed = jnp.matmul(matrix, y, precision='highest')
      length = jnp.sqrt(jnp.maximum(y @ pushed, 1e-20))
      return rate * (pushed + length / jnp.maximum(c, 1e-12) * towards)

    start = costs / jnp.maximum(costs @ costs, 1e-30)
    y = active_sets.descend(
      move, lambda y: active_sets.project(y, costs), start
    )
    pushed = jnp.matmul(matrix, y, precision='highest')
    scale = c / jnp.sqrt(jnp.maximum(y @ pushed, 1e-20))
    level = y @ (scale * pushed + towards)  # `costs @ y` is 1
    return scale * y, level * costs - towards

  return active_sets.search(matrix, on_faces, approximate)
