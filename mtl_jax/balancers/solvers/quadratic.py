"""Quadratic problems in the task weights, solved to float32 accuracy.

All take a fixed number of operations, so they can be compiled and mapped over
runs; only `eigh` calls LAPACK. They are solved in variables
`norms * weights`, in which the matrix is that of cosines: gradients whose norms
differ by orders of magnitude do not lose accuracy.
"""

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from mtl_jax import linalg
from mtl_jax.balancers import base
from mtl_jax.balancers.solvers import active_sets

NEWTON = 30  # iterations; convergence takes fewer


def cosines(gram: base.Gram) -> tuple[base.Gram, base.Weights]:
  """Normalises a Gram matrix.

  Args:
    gram: `[K, K]`.

  Returns:
    The cosines `[K, K]`, with a diagonal of exactly 1, and the norms `[K]`. A
    task without a gradient has norm 1 and cosine 0 with all others, so that it
    does not affect their solution. See `interference.cosines` for a measure,
    which is NaN there.
  """
  squares = jnp.diagonal(gram)
  alive = squares > 1e-30
  norms = jnp.sqrt(jnp.where(alive, squares, 1))
  pairs = alive[:, None] & alive[None]
  unit = jnp.where(pairs, gram / (norms[:, None] * norms[None]), 0)
  # Rounding may give parallel gradients a cosine above 1, which would make the
  # matrix indefinite.
  off = jnp.clip(unit, -1, 1) * (1 - jnp.eye(len(gram), dtype=gram.dtype))
  return off + jnp.eye(len(gram), dtype=gram.dtype), norms


def alive(gram: base.Gram) -> Array:
  """Which tasks have a gradient that is not 0, `[K]`."""
  return jnp.diagonal(gram) > 1e-30


def settled(gram: base.Gram) -> Array:
  """Whether equal weights already lower all losses at the same rate.

  Then the mean gradient solves the min-norm problem. For equal gradients so
  does any other combination, and a solver's choice would be arbitrary.

  Args:
    gram: `[K, K]`.

  Returns:
    A bool scalar; tasks without a gradient do not count.
  """
  live, squares = alive(gram), jnp.diagonal(gram)
  sums = jnp.where(live, gram.sum(1), 0)
  mean = sums.sum() / jnp.maximum(live.sum(), 1)
  spread = jnp.where(live, jnp.abs(sums - mean), 0).max()
  return spread <= 1e-6 * squares.max()


def nonnegative(cosines: base.Gram, linear: base.Weights) -> base.Weights:
  """Minimises `y'Qy / 2 - b'y` over y >= 0.

  Args:
    cosines: `[K, K]`; Q is this and a small ridge.
    linear: `[K]`, b. Its largest entry should be about 1, since the ridge and
      tolerances are absolute.

  Returns:
    y `[K]`.
  """
  matrix = active_sets.ridged(cosines)

  def on_faces(chosen):
    y = active_sets.solve_on(matrix, linear[:, None], chosen)[:, :, 0]
    return y, jnp.broadcast_to(linear, y.shape)

  def approximate():
    rate = 1 / active_sets.largest(matrix)

    def move(y):
      return rate * (jnp.matmul(matrix, y, precision='highest') - linear)

    start = jnp.zeros_like(linear)
    return active_sets.descend(move, lambda y: jnp.maximum(y, 0), start), linear

  return active_sets.search(matrix, on_faces, approximate)


def project_on_simplex(x: Float[Array, 'n']) -> Float[Array, 'n']:
  """The nearest point of the simplex to x `[n]`."""
  # A common shift does not change the projection, but next to large numbers the
  # sum of 1 would be lost to rounding.
  return active_sets.project(x - x.max(), jnp.ones_like(x))


def on_simplex(gram: base.Gram, linear: base.Weights) -> base.Weights:
  """Minimises `v'Gv / 2 + b'v` over the simplex.

  Args:
    gram: `[K, K]`, G.
    linear: `[K]`, b.

  Returns:
    v `[K]`; 0 for a task without a gradient. If no task has one, all are 0.
  """
  unit, norms = cosines(gram)
  live = alive(gram)
  least = jnp.where(live, norms, jnp.inf).min()
  # y = norms * v / least, so that sum(v) = 1 becomes `costs @ y = 1` with costs
  # of at most 1.
  costs = jnp.where(live, least / norms, 0)
  linear = jnp.where(live, linear / norms, 0) / least
  matrix = active_sets.ridged(unit)

  def on_faces(chosen):
    # Q y + b = level * costs, where `level` is the constraint's multiplier.
    right = jnp.stack([costs, linear], 1)
    ascent, pull = jnp.moveaxis(
      active_sets.solve_on(matrix, right, chosen), 2, 0
    )
    level = (1 + pull @ costs) / (ascent @ costs)
    y = level[:, None] * ascent - pull
    return y, level[:, None] * costs[None] - linear[None]

  def approximate():
    rate = 1 / active_sets.largest(matrix)

    def gradient(y):
      return jnp.matmul(matrix, y, precision='highest') + linear

    start = costs / jnp.maximum(costs @ costs, 1e-30)
    y = active_sets.descend(
      lambda y: rate * gradient(y),
      lambda y: active_sets.project(y, costs),
      start,
    )
    return y, (y @ gradient(y)) * costs - linear

  v = active_sets.search(matrix, on_faces, approximate) * costs
  return v / jnp.maximum(v.sum(), 1e-30)


def log_newton(gram: base.Gram, exponent: base.Number) -> base.Weights:
  """Solves `G w = w^(-1/a)` for w > 0 by Newton's method in log w.

  The solution minimises `w'Gw / 2 - sum w^(1-1/a) / (1-1/a)`, which is convex
  in w.

  Args:
    gram: `[K, K]`, G.
    exponent: a > 0.

  Returns:
    w `[K]`. A task without a gradient has no such w; it has the mean of the
    others.
  """
  size, inverse = len(gram), 1 / exponent
  unit, norms = cosines(gram)
  live = alive(gram)
  longest = jnp.where(live, norms, 0).max()
  longest = jnp.where(longest > 0, longest, 1)
  # In y = norms * w, with norms relative to the longest: C y = p y^(-1/a).
  norms = norms / longest
  scales = jnp.where(live, norms ** (inverse - 1), 1)  # p
  matrix = active_sets.ridged(unit)

  def step(_, z):
    y = jnp.exp(z)
    power = scales * jnp.exp((1 - inverse) * z)
    residual = y * jnp.matmul(matrix, y, precision='highest') - power
    # The positive definite part of the Jacobian; the rest, diag(residual), is 0
    # at the solution.
    jacobian = y[:, None] * matrix * y[None] + jnp.diag(power * inverse)
    move = active_sets.eliminate(jacobian, residual[:, None])[:, 0]
    # No logarithm changes by more than 1 per step.
    return z - move / jnp.maximum(jnp.abs(move).max(), 1)

  start = jnp.log(scales / size) / (1 + inverse)
  weights = jnp.exp(lax.fori_loop(0, NEWTON, step, start)) / norms
  mean = jnp.where(live, weights, 0).sum() / jnp.maximum(live.sum(), 1)
  weights = jnp.where(live, weights, mean)
  return weights * longest ** (-2 * exponent / (1 + exponent))


def eigen(gram: base.Gram) -> tuple[Array, Array, Array]:
  """Eigendecomposition of a Gram matrix.

  Args:
    gram: `[K, K]`.

  Returns:
    Eigenvalues `[K]`, eigenvectors in columns `[K, K]`, and a mask `[K]` of the
    eigenvalues that are above rounding.
  """
  scale = jnp.maximum(jnp.trace(gram), 1e-30)
  values, vectors = linalg.eigh(gram / scale)
  tolerance = 1e-12 if gram.dtype == jnp.float64 else 1e-6
  nonzero = values > tolerance * values.max()
  return values * scale, vectors, nonzero


def pseudo_inverse_times(gram: base.Gram, x: base.Weights) -> base.Weights:
  """`G^+ x`, the product with the Moore-Penrose inverse.

  Args:
    gram: `[K, K]`, G.
    x: `[K]`.

  Returns:
    `[K]`. For a regular G this is its inverse by elimination, which is more
    accurate than by `eigh`.
  """
  values, vectors, nonzero = eigen(gram)
  inverse = jnp.where(nonzero, 1 / jnp.where(nonzero, values, 1), 0)
  inside = jnp.matmul(vectors.T, x, precision='highest')
  singular = jnp.matmul(vectors, inverse * inside, precision='highest')
  unit, norms = cosines(gram)
  right = jnp.where(alive(gram), x, 0) / norms
  direct = active_sets.eliminate(unit, right[:, None])[:, 0]
  # With rounding the inverse of a singular matrix is huge or not finite; the
  # comparison is False in both cases.
  regular = jnp.abs(direct).max() <= 1e4 * jnp.abs(right).max()
  return jnp.where(regular, direct / norms, singular)
