"""Active-set solutions of problems over y >= 0.

On a face of the cone, where a given set of entries is positive and the others
are 0, the optimality conditions are linear, and one of all faces contains the
solution. For few tasks all faces are solved. For more, an iterative method
finds an approximate face, which is then corrected. The iteration alone would
not be accurate to float32.
"""

import itertools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float

# Up to this many tasks all faces are solved: at most 63 small systems.
FEW = 6
ITERATIONS = 100  # of accelerated projected gradient descent
ROUNDS = 6  # corrections of the face that the iteration found

Matrix = Float[Array, 'n n']
Vector = Float[Array, 'n']
Faces = Bool[Array, 'faces n'] | Bool[np.ndarray, 'faces n']
# y and b on each face: `Q y = b` inside the face and y = 0 outside it.
Candidates = tuple[Float[Array, 'faces n'], Float[Array, 'faces n']]


def ridged(cosines: Matrix) -> Matrix:
  """Adds a ridge, well above rounding, that makes a singular matrix definite.

  Args:
    cosines: `[n, n]`, with a unit diagonal.

  Returns:
    A positive definite matrix.
  """
  ridge = 1e-10 if cosines.dtype == jnp.float64 else 1e-6
  return cosines + ridge * jnp.eye(len(cosines), dtype=cosines.dtype)


def search(
  matrix: Matrix,
  on_faces: Callable[[Faces], Candidates],
  approximate: Callable[[], tuple[Vector, Vector]],
) -> Vector:
  """Finds the optimal y: `Q y = b` where y > 0, `Q y >= b` where y = 0.

  Args:
    matrix: `[n, n]`, Q, positive definite with entries of about 1.
    on_faces: solves the linear conditions on given faces `[faces, n]` and
      returns y and b; not finite where a face has no solution.
    approximate: returns an approximate y and its b; called for more than `FEW`
      tasks only.

  Returns:
    y `[n]`; 0 where no candidate is finite.
  """
  size = len(matrix)
  if size <= FEW:
    y, right = on_faces(_all_faces(size))
  else:
    y, right = _exchange(matrix, on_faces, *approximate())
  gradients = jnp.matmul(y, matrix, precision='highest') - right
  # With rounding no candidate meets the conditions exactly: take the one that
  # violates them least, relative to its size.
  inside = jnp.minimum(y, -jnp.abs(gradients))
  violation = jnp.where(y == 0, jnp.minimum(gradients, 0), inside).min(1)
  sizes = jnp.maximum(jnp.abs(y).max(1), jnp.abs(right).max(1))
  score = violation / jnp.maximum(sizes, 1e-30)
  score = jnp.where(jnp.isfinite(score), score, -jnp.inf)
  best = score.argmax()
  solution = jnp.where(jnp.isfinite(score[best]), y[best], 0)
  return jnp.maximum(solution, 0)


def _all_faces(size: int) -> np.ndarray:
  """Every nonempty set of tasks, as masks `[2^K - 1, K]`."""
  return np.array(list(itertools.product([False, True], repeat=size))[1:])


def _exchange(matrix, on_faces, y, right) -> Candidates:
  """Corrects the face of y `ROUNDS` times; y itself is a candidate as well.

  A round removes entries that are negative and adds those outside the face
  whose gradient is negative.
  """

  def step(face, _):
    candidates, rights = on_faces(face[None])
    own, right = candidates[0], rights[0]
    gradient = jnp.matmul(matrix, own, precision='highest') - right
    return jnp.where(face, own > 0, gradient < 0), (own, right)

  _, (candidates, rights) = lax.scan(step, y > 0, length=ROUNDS)
  return jnp.append(candidates, y[None], 0), jnp.append(rights, right[None], 0)


def solve_on(
  matrix: Matrix, right: Float[Array, 'n m'], faces: Faces
) -> Float[Array, 'faces n m']:
  """Solves `Q Y = B` restricted to the tasks of each face.

  Args:
    matrix: `[n, n]`, Q, positive definite.
    right: `[n, m]`, B.
    faces: `[faces, n]`, masks of the tasks in each face.

  Returns:
    Y `[faces, n, m]`, 0 outside the face.
  """
  # Rows and columns outside a face become those of the identity, so that all
  # systems have one shape.
  inside = faces[:, :, None] & faces[:, None]
  own = jnp.eye(len(matrix), dtype=matrix.dtype)
  systems = jnp.where(inside, matrix[None], own)
  rights = jnp.where(faces[:, :, None], right[None], 0)
  return jax.vmap(eliminate)(systems, rights)


def eliminate(
  system: Matrix, right: Float[Array, 'n m']
) -> Float[Array, 'n m']:
  """Solves a positive definite system by Gauss-Jordan elimination.

  Args:
    system: `[n, n]`, positive definite.
    right: `[n, m]`, right-hand sides.

  Returns:
    `[n, m]`.
  """
  # A definite matrix needs no pivoting. Mapped over many systems this is one
  # program, while LAPACK is called for each of them.
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
  """Accelerated projected gradient descent with adaptive restarts.

  FISTA: Beck and Teboulle, SIAM J. Imaging Sciences 2009. Restarts: O'Donoghue
  and Candès, Found. Comput. Math. 2015.

  Args:
    move: y -> the gradient at y divided by its Lipschitz constant.
    project: y -> the nearest feasible point.
    start: `[n]`, a feasible point.

  Returns:
    `[n]`, the point after `ITERATIONS` steps.
  """

  def step(_, carry):
    x, y, t = carry
    new = project(y - move(y))
    longer = (1 + jnp.sqrt(1 + 4 * t * t)) / 2
    # The momentum points uphill: forget it.
    restart = jnp.vdot(y - new, new - x) > 0
    moved = new + (t - 1) / longer * (new - x)
    return new, jnp.where(restart, new, moved), jnp.where(restart, 1, longer)

  return lax.fori_loop(0, ITERATIONS, step, (start, start, 1.0))[0]


def largest(matrix: Matrix) -> jax.Array:
  """An upper bound of the largest eigenvalue, from two matrix norms."""
  frobenius = jnp.sqrt(jnp.square(matrix).sum())
  return jnp.minimum(frobenius, jnp.abs(matrix).sum(1).max())


def project(x: Vector, costs: Vector) -> Vector:
  """The nearest y >= 0 with `costs @ y == 1`, by sorting.

  Duchi, Shalev-Shwartz, Singer, Chandra, ICML 2008, for costs of 1.

  Args:
    x: `[n]`.
    costs: `[n]`, not negative; an entry whose cost is 0 becomes 0.

  Returns:
    y `[n]`.
  """
  active = costs > 0
  ratios = jnp.where(active, x / jnp.where(active, costs, 1), -jnp.inf)
  x = jnp.where(active, x, 0)
  order = jnp.argsort(-ratios)
  excess = jnp.cumsum((costs * x)[order]) - 1
  levels = excess / jnp.cumsum(jnp.square(costs)[order])
  # y = max(x - level * costs, 0): take the level of the largest set of entries
  # that are all above it.
  level = levels[(ratios[order] > levels).sum() - 1]
  return jnp.where(active, jnp.maximum(x - level * costs, 0), 0)
