"""Multiple gradient descent: the shortest vector among all weighted means."""

import itertools

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from mtl_jax.balancers import base

NORMALISE = ('none', 'l2', 'loss', 'loss+')

# Up to so many tasks all faces of the simplex are tried, 63 small systems; of
# more tasks one face is, which an iteration finds.
FEW = 6
ITERATIONS = 500


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
    init=lambda num_tasks: (), update=update, needs_gram=True
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
  weights = shortest(cosines, linear / linear.max()) / norms
  weights = weights / weights.sum() * alive.sum()
  # Where all weights serve, as for equal gradients, they are equal.
  sums = jnp.where(alive, gram.sum(1), 0)
  spread = jnp.where(alive, sums - (sums.sum() / alive.sum()), 0)
  settled = jnp.abs(spread).max() <= 1e-6 * squares.max()
  equal = settled & (normalise == 'none')
  return jnp.where(alive & ~equal, weights, 1)


def shortest(cosines: base.Gram, linear: base.Weights) -> Float[Array, 'tasks']:
  """Least `y'Qy / 2 - b'y` over y >= 0; Q is `cosines` and a small ridge."""
  num_tasks = len(linear)
  ridge = 1e-10 if cosines.dtype == jnp.float64 else 1e-6
  matrix = cosines + ridge * jnp.eye(num_tasks, dtype=cosines.dtype)
  if num_tasks <= FEW:
    tried = _on_faces(matrix, linear, _all_faces(num_tasks))
  else:
    near = _descend(matrix, linear)
    tried = _on_faces(matrix, linear, near[None] > 0)
    tried = jnp.concatenate([tried, near[None]])
  # Optimal is where no y is negative and no slope either; rounding leaves
  # none quite so, and the nearest to it is taken.
  slopes = jnp.matmul(tried, matrix, precision='highest') - linear[None]
  inside = jnp.minimum(tried, -jnp.abs(slopes))
  least = jnp.where(tried == 0, jnp.minimum(slopes, 0), inside).min(1)
  best = (least / jnp.maximum(jnp.abs(tried).max(1), 1)).argmax()
  return jnp.maximum(tried[best], 0)


def _all_faces(num_tasks: int) -> np.ndarray:
  """Every choice of tasks with a weight, but for none: [2^K - 1, K]."""
  return np.array(list(itertools.product([False, True], repeat=num_tasks))[1:])


def _on_faces(matrix, linear, faces) -> Float[Array, 'faces tasks']:
  """The solution of `Q y = b` among each face's tasks, 0 elsewhere."""
  size = len(linear)
  inside = faces[:, :, None] & faces[:, None]
  systems = jnp.where(inside, matrix[None], jnp.eye(size, dtype=matrix.dtype))
  right = jnp.where(faces, linear[None], 0)
  rows = jnp.concatenate([systems, right[:, :, None]], 2)

  # Elimination in all systems at once; they are positive definite, so that no
  # row needs to be exchanged. LAPACK would be called for each.
  def eliminate(k, rows):
    pivot = rows[:, k] / rows[:, k, k, None]
    rows = rows - rows[:, :, k, None] * pivot[:, None]
    return rows.at[:, k].set(pivot)

  rows = lax.fori_loop(0, size, eliminate, rows, unroll=size <= FEW)
  return jnp.where(faces, rows[:, :, -1], 0)


def _descend(matrix, linear) -> Float[Array, 'tasks']:
  """Accelerated projected gradients, restarted where they turn back.

  Beck & Teboulle (2009); O'Donoghue & Candes (2015).
  """
  frobenius = jnp.sqrt(jnp.square(matrix).sum())
  largest = jnp.minimum(frobenius, jnp.abs(matrix).sum(1).max())

  def step(_, carry):
    x, y, t = carry
    slope = jnp.matmul(matrix, y, precision='highest') - linear
    new = jnp.maximum(y - slope / largest, 0)
    longer = (1 + jnp.sqrt(1 + 4 * t * t)) / 2
    back = jnp.vdot(y - new, new - x) > 0
    moved = new + (t - 1) / longer * (new - x)
    return new, jnp.where(back, new, moved), jnp.where(back, 1, longer)

  start = jnp.zeros_like(linear)
  return lax.fori_loop(0, ITERATIONS, step, (start, start, 1.0))[0]
