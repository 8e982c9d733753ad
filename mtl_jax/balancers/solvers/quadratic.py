"""Small problems that balancers pose: exact for few tasks, and for more.

All are of a fixed number of operations, in jit, and mapped over runs; none
calls LAPACK but `eigh`, which is batched. All are in variables `norms *
weights`, in which the matrix is that of cosines: however the lengths of the
gradients differ, what float32 knows of them is kept.
"""

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from mtl_jax.balancers import base
from mtl_jax.balancers.solvers import active_sets

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
  # A parallel pair's may round to more than 1, a system without a solution.
  off = jnp.clip(unit, -1, 1) * (1 - jnp.eye(len(gram), dtype=gram.dtype))
  return off + jnp.eye(len(gram), dtype=gram.dtype), norms


def alive(gram: base.Gram) -> Array:
  """Which tasks have a gradient."""
  return jnp.diagonal(gram) > 1e-30


def settled(gram: base.Gram) -> Array:
  """Whether the mean gains all tasks alike, so that equal weights serve.

  So they do for equal gradients, for which any others would as well.
  """
  live, squares = alive(gram), jnp.diagonal(gram)
  sums = jnp.where(live, gram.sum(1), 0)
  mean = sums.sum() / jnp.maximum(live.sum(), 1)
  spread = jnp.where(live, jnp.abs(sums - mean), 0).max()
  return spread <= 1e-6 * squares.max()


def nonnegative(cosines: base.Gram, linear: base.Weights) -> base.Weights:
  """Least `y'Qy / 2 - b'y` over y >= 0; Q is `cosines` and a small ridge.

  `linear` should be of size 1 or so: a ridge and rounding are absolute.
  """
  matrix = active_sets.ridged(cosines)

  def on_faces(chosen):
    tried = active_sets.solve_on(matrix, linear[:, None], chosen)[:, :, 0]
    return tried, jnp.broadcast_to(linear, tried.shape)

  def near():
    rate = 1 / active_sets.largest(matrix)

    def move(y):
      return rate * (jnp.matmul(matrix, y, precision='highest') - linear)

    start = jnp.zeros_like(linear)
    return active_sets.descend(move, lambda y: jnp.maximum(y, 0), start), linear

  return active_sets.search(matrix, on_faces, near)


def project_on_simplex(x: Float[Array, 'n']) -> Float[Array, 'n']:
  """The nearest non-negative numbers that sum to 1."""
  # Less the same for all, as large numbers would swallow the 1.
  return active_sets.project(x - x.max(), jnp.ones_like(x))


def on_simplex(gram: base.Gram, linear: base.Weights) -> base.Weights:
  """Least `v'Gv / 2 + b'v` over non-negative v of sum 1.

  A task without a gradient has weight 0, unless all are without.
  """
  unit, norms = cosines(gram)
  live = alive(gram)
  least = jnp.where(live, norms, jnp.inf).min()
  # y = norms * v over the least norm, so that `prices @ y` is 1.
  prices = jnp.where(live, least / norms, 0)
  linear = jnp.where(live, linear / norms, 0) / least
  matrix = active_sets.ridged(unit)

  def on_faces(chosen):
    right = jnp.stack([prices, linear], 1)
    ascent, pull = jnp.moveaxis(
      active_sets.solve_on(matrix, right, chosen), 2, 0
    )
    level = (1 + pull @ prices) / (ascent @ prices)
    tried = level[:, None] * ascent - pull
    return tried, level[:, None] * prices[None] - linear[None]

  def near():
    rate = 1 / active_sets.largest(matrix)

    def slope(y):
      return jnp.matmul(matrix, y, precision='highest') + linear

    start = prices / jnp.maximum(prices @ prices, 1e-30)
    y = active_sets.descend(
      lambda y: rate * slope(y), lambda y: active_sets.project(y, prices), start
    )
    return y, (y @ slope(y)) * prices - linear

  v = active_sets.search(matrix, on_faces, near) * prices
  return v / jnp.maximum(v.sum(), 1e-30)


def log_newton(gram: base.Gram, exponent: base.Number) -> base.Weights:
  """Positive w with `G w = w^(-1/a)`, a the exponent: Newton in log w.

  What w minimises, `w'Gw / 2 - sum w^(1-1/a) / (1-1/a)`, is convex in it. A
  task without a gradient, which has no such w, has the mean of the others'.
  """
  size, inverse = len(gram), 1 / exponent
  unit, norms = cosines(gram)
  live = alive(gram)
  longest = jnp.where(live, norms, 0).max()
  longest = jnp.where(longest > 0, longest, 1)
  # In y = norms * w, norms over the longest: C y = p y^(-1/a).
  norms = norms / longest
  prices = jnp.where(live, norms ** (inverse - 1), 1)
  matrix = active_sets.ridged(unit)

  def step(_, z):
    y = jnp.exp(z)
    power = prices * jnp.exp((1 - inverse) * z)
    residual = y * jnp.matmul(matrix, y, precision='highest') - power
    # Of the true slopes this is the positive definite part, and at the
    # solution all of them.
    slopes = y[:, None] * matrix * y[None] + jnp.diag(power * inverse)
    move = active_sets.eliminate(slopes, residual[:, None])[:, 0]
    return z - move / jnp.maximum(jnp.abs(move).max(), 1)

  start = jnp.log(prices / size) / (1 + inverse)
  weights = jnp.exp(lax.fori_loop(0, NEWTON, step, start)) / norms
  mean = jnp.where(live, weights, 0).sum() / jnp.maximum(live.sum(), 1)
  weights = jnp.where(live, weights, mean)
  return weights * longest ** (-2 * exponent / (1 + exponent))


def eigen(gram: base.Gram) -> tuple[Array, Array, Array]:
  """Eigenvalues, vectors, and which of the values are more than rounding."""
  scale = jnp.maximum(jnp.trace(gram), 1e-30)
  values, vectors = jnp.linalg.eigh(gram / scale)
  tolerance = 1e-12 if gram.dtype == jnp.float64 else 1e-6
  kept = values > tolerance * values.max()
  return values * scale, vectors, kept


def pseudo_inverse_times(gram: base.Gram, x: base.Weights) -> base.Weights:
  """`G^+ x`: G's inverse where it has one, which is more exact than by eigh."""
  values, vectors, kept = eigen(gram)
  inverse = jnp.where(kept, 1 / jnp.where(kept, values, 1), 0)
  inside = jnp.matmul(vectors.T, x, precision='highest')
  singular = jnp.matmul(vectors, inverse * inside, precision='highest')
  unit, norms = cosines(gram)
  right = jnp.where(alive(gram), x, 0) / norms
  direct = active_sets.eliminate(unit, right[:, None])[:, 0]
  # Of a singular matrix rounding makes one with a huge inverse, or none.
  regular = jnp.abs(direct).max() <= 1e4 * jnp.abs(right).max()
  return jnp.where(regular, direct / norms, singular)
