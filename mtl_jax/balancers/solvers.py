"""Small problems that balancers pose: exact for few tasks, iterated for more.

All are of a fixed number of operations, in jit, and mapped over runs; none
calls LAPACK but `eigh`, which is batched.
"""

import itertools

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from mtl_jax.balancers import base

# Up to so many tasks all faces of the simplex are tried, 63 small systems; of
# more tasks one face is, which an iteration finds.
FEW = 6
ITERATIONS = 500
NEWTON = 30


def cosines(gram: base.Gram) -> tuple[base.Gram, base.Weights]:
  """The Gram matrix of unit vectors, and the norms; a zero vector has norm 1.

  Its row of cosines is 0 but for the diagonal, so that it stands aside.
  """
  squares = jnp.diagonal(gram)
  alive = squares > 1e-30
  norms = jnp.sqrt(jnp.where(alive, squares, 1))
  pairs = alive[:, None] & alive[None]
  unit = jnp.where(pairs, gram / (norms[:, None] * norms[None]), 0)
  return unit + jnp.diag(jnp.where(alive, 0, 1).astype(gram.dtype)), norms


def alive(gram: base.Gram) -> Array:
  """Which tasks have a gradient."""
  return jnp.diagonal(gram) > 1e-30


def nonnegative(
  cosines: base.Gram, linear: base.Weights
) -> Float[Array, 'tasks']:
  """Least `y'Qy / 2 - b'y` over y >= 0; Q is `cosines` and a small ridge.

  `linear` should be of size 1 or so: a ridge and rounding are absolute.
  """
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


def solve(
  matrix: Float[Array, 'n n'], right: Float[Array, 'n']
) -> Float[Array, 'n']:
  """The solution of a positive definite system, by elimination."""
  size = len(right)
  rows = jnp.concatenate([matrix, right[:, None]], 1)

  def eliminate(k, rows):
    pivot = rows[k] / rows[k, k]
    rows = rows - rows[:, k, None] * pivot[None]
    return rows.at[k].set(pivot)

  return lax.fori_loop(0, size, eliminate, rows, unroll=size <= FEW)[:, -1]


def project_on_simplex(x: Float[Array, 'n']) -> Float[Array, 'n']:
  """The nearest non-negative numbers that sum to 1, by sorting."""
  x = x - x.max()  # The same for all, and large numbers would swallow the 1.
  ranked = jnp.sort(x)[::-1]
  counts = jnp.arange(1, len(x) + 1)
  levels = (jnp.cumsum(ranked) - 1) / counts
  # The most entries that stay above their common level.
  kept = (ranked > levels).sum()
  return jnp.maximum(x - levels[kept - 1], 0)


def log_newton(gram: base.Gram, exponent: base.Number) -> base.Weights:
  """Positive w with `G w = w^(-1/a)`, a the exponent: Newton in log w.

  What w minimises, `w'Gw / 2 - sum w^(1-1/a) / (1-1/a)`, is convex in it.
  """
  size = len(gram)
  inverse = 1 / exponent
  scale = jnp.maximum(jnp.trace(gram) / size, 1e-30)
  ridge = 1e-13 if gram.dtype == jnp.float64 else 1e-6
  matrix = gram / scale + ridge * jnp.eye(size, dtype=gram.dtype)
  start = -jnp.log(size * jnp.diagonal(matrix)) / (1 + inverse)

  def step(_, z):
    w = jnp.exp(z)
    power = jnp.exp((1 - inverse) * z)
    residual = w * jnp.matmul(matrix, w, precision='highest') - power
    slopes = w[:, None] * matrix * w[None] + jnp.diag(power * inverse)
    # Of the true slopes this is the positive definite part, and at the
    # solution all of them.
    move = solve(slopes, residual)
    longest = jnp.abs(move).max()
    return z - move / jnp.maximum(longest, 1)

  z = lax.fori_loop(0, NEWTON, step, start)
  return jnp.exp(z) * scale ** (-exponent / (1 + exponent))


def eigen(gram: base.Gram) -> tuple[Array, Array, Array]:
  """Eigenvalues, vectors, and which of the values are more than rounding."""
  scale = jnp.maximum(jnp.trace(gram), 1e-30)
  values, vectors = jnp.linalg.eigh(gram / scale)
  tolerance = 1e-12 if gram.dtype == jnp.float64 else 1e-6
  kept = values > tolerance * values.max()
  return values * scale, vectors, kept


def pseudo_inverse_times(gram: base.Gram, x: base.Weights) -> base.Weights:
  """`G^+ x`."""
  values, vectors, kept = eigen(gram)
  inverse = jnp.where(kept, 1 / jnp.where(kept, values, 1), 0)
  inside = jnp.matmul(vectors.T, x, precision='highest')
  return jnp.matmul(vectors, inverse * inside, precision='highest')


def on_simplex(gram: base.Gram, linear: base.Weights) -> base.Weights:
  """Least `v'Gv / 2 + b'v` over non-negative v of sum 1, iterated."""
  size = len(linear)
  largest = jnp.maximum(jnp.abs(gram).sum(1).max(), 1e-30)

  def step(_, carry):
    v, y, t = carry
    slope = jnp.matmul(gram, y, precision='highest') + linear
    new = project_on_simplex(y - slope / largest)
    longer = (1 + jnp.sqrt(1 + 4 * t * t)) / 2
    back = jnp.vdot(y - new, new - v) > 0
    moved = new + (t - 1) / longer * (new - v)
    return new, jnp.where(back, new, moved), jnp.where(back, 1, longer)

  start = jnp.full(size, 1 / size, gram.dtype)
  return lax.fori_loop(0, ITERATIONS, step, (start, start, 1.0))[0]
