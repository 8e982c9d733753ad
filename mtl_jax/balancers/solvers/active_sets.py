"""Problems over y >= 0, solved on the face of the cone where y is positive.

On a face they are linear, and of all faces one is optimal: few tasks try all,
more take the one that an iteration finds, and those next to it. Only then is
the solution as good as the numbers allow; the iteration alone is not.
"""

import itertools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float

# Up to so many tasks all faces are tried, 63 small systems.
FEW = 6
ITERATIONS = 100
# Of faces beyond the iteration's, each the last one's correction.
ROUNDS = 6

Matrix = Float[Array, 'n n']
Vector = Float[Array, 'n']
Faces = Bool[Array, 'faces n'] | Bool[np.ndarray, 'faces n']
# On each face y, and b: `Q y = b` inside the face and y = 0 outside it.
Tried = tuple[Float[Array, 'faces n'], Float[Array, 'faces n']]


def ridged(cosines: Matrix) -> Matrix:
  """With what makes a singular one definite, well above rounding."""
  ridge = 1e-10 if cosines.dtype == jnp.float64 else 1e-6
  return cosines + ridge * jnp.eye(len(cosines), dtype=cosines.dtype)


def search(
  matrix: Matrix,
  on_faces: Callable[[Faces], Tried],
  near: Callable[[], tuple[Vector, Vector]],
) -> Vector:
  """The optimal y: `Q y = b` where y > 0, `Q y >= b` where y = 0.

  Args:
    matrix: Q, of size 1 or so, positive definite.
    on_faces: the solution on each face; not finite where there is none.
    near: y and its b, iterated; asked for many tasks only.

  Returns:
    y; 0 where nothing that was tried is finite.
  """
  size = len(matrix)
  if size <= FEW:
    tried, right = on_faces(_all_faces(size))
  else:
    tried, right = _exchange(matrix, on_faces, *near())
  slopes = jnp.matmul(tried, matrix, precision='highest') - right
  # Rounding leaves no y and no slope quite right; the nearest to it is taken.
  inside = jnp.minimum(tried, -jnp.abs(slopes))
  least = jnp.where(tried == 0, jnp.minimum(slopes, 0), inside).min(1)
  sizes = jnp.maximum(jnp.abs(tried).max(1), jnp.abs(right).max(1))
  score = least / jnp.maximum(sizes, 1e-30)
  score = jnp.where(jnp.isfinite(score), score, -jnp.inf)
  best = score.argmax()
  found = jnp.where(jnp.isfinite(score[best]), tried[best], 0)
  return jnp.maximum(found, 0)


def _all_faces(size: int) -> np.ndarray:
  """Every choice of tasks with a weight, but for none: [2^K - 1, K]."""
  return np.array(list(itertools.product([False, True], repeat=size))[1:])


def _exchange(matrix, on_faces, y, right) -> Tried:
  """From the face of y on: less what is negative, with what slopes down."""

  def step(face, _):
    tried, right = on_faces(face[None])
    slopes = jnp.matmul(matrix, tried[0], precision='highest') - right[0]
    return jnp.where(face, tried[0] > 0, slopes < 0), (tried[0], right[0])

  _, (tried, rights) = lax.scan(step, y > 0, length=ROUNDS)
  return jnp.append(tried, y[None], 0), jnp.append(rights, right[None], 0)


def solve_on(
  matrix: Matrix, right: Float[Array, 'n m'], faces: Faces
) -> Float[Array, 'faces n m']:
  """The solutions of `Q Y = B` among each face's tasks, 0 elsewhere."""
  inside = faces[:, :, None] & faces[:, None]
  own = jnp.eye(len(matrix), dtype=matrix.dtype)
  systems = jnp.where(inside, matrix[None], own)
  rights = jnp.where(faces[:, :, None], right[None], 0)
  return jax.vmap(eliminate)(systems, rights)


def eliminate(
  system: Matrix, right: Float[Array, 'n m']
) -> Float[Array, 'n m']:
  """Solutions of a positive definite system.

  Definite as it is, no row needs to be exchanged. LAPACK would be called for
  each system of many.
  """
  size = len(system)
  rows = jnp.concatenate([system, right], 1)

  def step(k, rows):
    pivot = rows[k] / rows[k, k]
    rows = rows - rows[:, k, None] * pivot[None]
    return rows.at[k].set(pivot)

  return lax.fori_loop(0, size, step, rows, unroll=size <= FEW)[:, size:]


def descend(
  move: Callable[[Vector], Vector],
  project: Callable[[Vector], Vector],
  start: Vector,
) -> Vector:
  """Accelerated projected gradients, restarted where they turn back.

  Beck & Teboulle (2009); O'Donoghue & Candes (2015).

  Args:
    move: the slope at y over how fast it may change.
    project: onto what is allowed.
    start: where to begin.
  """

  def step(_, carry):
    x, y, t = carry
    new = project(y - move(y))
    longer = (1 + jnp.sqrt(1 + 4 * t * t)) / 2
    back = jnp.vdot(y - new, new - x) > 0
    moved = new + (t - 1) / longer * (new - x)
    return new, jnp.where(back, new, moved), jnp.where(back, 1, longer)

  return lax.fori_loop(0, ITERATIONS, step, (start, start, 1.0))[0]


def largest(matrix: Matrix) -> jax.Array:
  """A bound of the largest eigenvalue."""
  frobenius = jnp.sqrt(jnp.square(matrix).sum())
  return jnp.minimum(frobenius, jnp.abs(matrix).sum(1).max())


def project(x: Vector, prices: Vector) -> Vector:
  """The nearest y >= 0 with `prices @ y == 1`, by sorting.

  Entries without a price are 0.
  """
  paid = prices > 0
  ratios = jnp.where(paid, x / jnp.where(paid, prices, 1), -jnp.inf)
  x = jnp.where(paid, x, 0)
  order = jnp.argsort(-ratios)
  spent = jnp.cumsum((prices * x)[order]) - 1
  levels = spent / jnp.cumsum(jnp.square(prices)[order])
  # The most entries that stay above their common level.
  level = levels[(ratios[order] > levels).sum() - 1]
  return jnp.where(paid, jnp.maximum(x - level * prices, 0), 0)
