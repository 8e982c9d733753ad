"""Measures of interference between tasks, from their gradients and features.

Gradients are raw: of unweighted losses on one batch, by shared parameters.
Measures that depend on inner products alone take the Gram matrix `[K, K]`.
Measures of pairs are NaN on the diagonal and for tasks without a gradient.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from mtl_jax import linalg
from mtl_jax.balancers import base, solvers

Gram = base.Gram
Pairs = Float[Array, 'tasks tasks']


def _squares(gram: Gram) -> Float[Array, 'tasks']:
  """Squared norms, NaN for a task without a gradient."""
  return jnp.where(solvers.alive(gram), jnp.diagonal(gram), jnp.nan)


def _pairs(values: Pairs) -> Pairs:
  """Sets the diagonal to NaN: a task is no pair with itself."""
  return jnp.where(jnp.eye(len(values), dtype=bool), jnp.nan, values)


def cosines(gram: Gram) -> Pairs:
  """Cosines of the angles between gradients; below 0 two tasks conflict."""
  # A solver needs a regular matrix, so `solvers.cosines` has 0 for a task
  # without a gradient. As a measure that would be the claim of orthogonality.
  known = solvers.alive(gram)
  unit, _ = solvers.cosines(gram)
  return _pairs(jnp.where(known[:, None] & known[None], unit, jnp.nan))


def conflicts(gram: Gram) -> Pairs:
  """1 where the cosine of two gradients is negative, else 0."""
  cosine = cosines(gram)
  # A comparison with NaN is False, which would count as no conflict.
  return jnp.where(jnp.isnan(cosine), jnp.nan, cosine < 0)


def corrected_cosines(cross: Gram) -> Pairs:
  """Cosines of the expected gradients, from products across two batches.

  The noise of two independent batches is independent, so the mean of such
  products has no bias, while a batch's own squared norms include its noise.
  Average the products first and take the cosines last: a ratio of means is less
  biased than a mean of ratios.

  Args:
    cross: `[K, K]`; entry `[i, j]` is the inner product of gradient i on one
      batch with gradient j on another.

  Returns:
    Cosines `[K, K]`; NaN where an estimated squared norm is not positive, which
    means that the gradient cannot be distinguished from noise.
  """
  # The report computes the same in NumPy from recorded products pooled over
  # probes (`report.interference.pairs`, `report.validity.pair_measures`): it
  # must run without JAX.
  return cosines((cross + cross.T) / 2)


def magnitude_similarity(gram: Gram) -> Pairs:
  """Gradient magnitude similarity, Yu et al., arXiv:2001.06782, definition 2.

  Args:
    gram: `[K, K]`.

  Returns:
    `2 |g_i| |g_j| / (|g_i|^2 + |g_j|^2)`: 1 for gradients of equal norm, near 0
    for very different ones.
  """
  squares = _squares(gram)
  product = jnp.sqrt(squares[:, None] * squares[None])
  return _pairs(2 * product / (squares[:, None] + squares[None]))


def curvature_bound(gram: Gram) -> Pairs:
  """The curvature bounding measure, Yu et al., arXiv:2001.06782, definition 4.

  Args:
    gram: `[K, K]`.

  Returns:
    `(1 - cos^2) |g_i - g_j|^2 / |g_i + g_j|^2`. Where the multi-task curvature
    is larger, and the step long enough, PCGrad lowers the loss more than plain
    descent (theorem 2).
  """
  squares = _squares(gram)
  sums = squares[:, None] + squares[None]
  cosine = cosines(gram)
  difference, total = sums - 2 * gram, sums + 2 * gram
  return _pairs((1 - cosine**2) * difference / total)


def condition(gram: Gram) -> Float[Array, '']:
  """The ratio of the largest to the smallest nonzero singular value of `J`.

  `J` is the matrix of the K gradients, and `gram` is `J J'`.
  """
  # Not `solvers.eigen`, which computes eigenvectors as well.
  values = linalg.eigvalsh(gram / jnp.maximum(jnp.trace(gram), 1e-30))
  nonzero = values > 1e-6 * values.max()  # the others are rounding
  least = jnp.where(nonzero, values, jnp.inf).min()
  return jnp.sqrt(values.max() / least)


def alignment(gram: Gram) -> Float[Array, '']:
  """`|sum of g_i|^2 / sum of |g_i|^2`: 1 if orthogonal, K if all are equal."""
  return gram.sum() / jnp.trace(gram)


# Measures of each pair of tasks, then measures of all tasks together. The names
# are those of records.
OF_PAIRS = {
  'cosine': cosines,
  'conflict': conflicts,
  'magnitude_similarity': magnitude_similarity,
  'curvature_bound': curvature_bound,
}
OF_ALL = {'condition': condition, 'alignment': alignment}


def curvature(
  loss: Callable[[Any], Float[Array, '']], params: Any, new: Any
) -> Float[Array, '']:
  """Multi-task curvature of a step, Yu et al., arXiv:2001.06782, definition 3.

  The mean of `g' H g` on the segment from `params` to `new`, where `g` is the
  gradient at `params` and `H` the Hessian: five points of Gauss-Legendre
  quadrature, each a Hessian-vector product.

  Args:
    loss: of parameters; the summed loss of all tasks.
    params: before the step.
    new: after the step.

  Returns:
    A scalar.
  """
  gradient = jax.grad(loss)
  start = gradient(params)
  nodes, weights = np.polynomial.legendre.leggauss(5)

  def dot(a, b):
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return sum(jnp.vdot(x, y) for x, y in pairs)

  # Reverse over reverse: the layers' `custom_vjp` rules have no forward mode.
  hessian_product = jax.grad(lambda point: dot(gradient(point), start))

  def at(fraction):
    point = jax.tree.map(lambda a, b: a + fraction * (b - a), params, new)
    return dot(hessian_product(point), start)

  # From [-1, 1] to [0, 1].
  values = lax.map(at, jnp.asarray((nodes + 1) / 2, jnp.float32))
  return jnp.asarray(weights / 2, jnp.float32) @ values


class Affinity(NamedTuple):
  """The effect of a step on task i on the loss of task j, on the same batch.

  The diagonal, a task's effect on itself, is not comparable with the rest.

  Attributes:
    gain: `[i, j]`, 1 - after / before; diverges as a loss nears 0.
    fall: `[i, j]`, before - after.
  """

  gain: Pairs
  fall: Pairs


def look_ahead(
  losses: Callable[[Any], Float[Array, 'tasks']],
  shared: Any,
  rows: Any,
  rate: Float[Array, ''] | float,
) -> Affinity:
  """Inter-task affinity (TAG): Fifty et al., NeurIPS 2021, arXiv:2109.04617.

  Takes one step of plain gradient descent on each task alone and evaluates the
  losses of all tasks after it.

  Args:
    losses: task losses `[K]` of shared parameters, with everything else fixed,
      including dropout masks.
    shared: the shared parameters.
    rows: each task's gradient by them, leaves `[K, ...]`.
    rate: learning rate of the step.

  Returns:
    Affinities `[K, K]`.
  """
  before = losses(shared)

  def after(row):
    moved = jax.tree.map(lambda p, g: p - rate * g, shared, row)
    return losses(moved)

  # One task at a time: K copies of the parameters would not fit for large K.
  later = lax.map(after, rows)
  return Affinity(1 - later / before[None], before[None] - later)


def linear_cka(
  x: Float[Array, 'rows a'], y: Float[Array, 'rows b']
) -> Float[Array, '']:
  """Linear centered kernel alignment: Kornblith et al., arXiv:1905.00414.

  Invariant to rotations and to scaling all features by one number. It is biased
  upwards for few rows; use a thousand or more.

  Args:
    x: features of one network.
    y: features of another on the same rows.

  Returns:
    Between 0 and 1, where 1 is the same representation.
  """
  x, y = x - x.mean(0, keepdims=True), y - y.mean(0, keepdims=True)

  def square(a, b):
    # |A'B|^2 = <AA', BB'>: the smaller of the two matrices is formed.
    if max(a.shape[1], b.shape[1]) > len(a):
      left, right = (jnp.matmul(z, z.T, precision='highest') for z in (a, b))
      return (left * right).sum()
    return jnp.square(jnp.matmul(a.T, b, precision='highest')).sum()

  return square(x, y) / jnp.sqrt(square(x, x) * square(y, y))


def rsa(
  x: Float[Array, 'rows a'], y: Float[Array, 'rows b']
) -> Float[Array, '']:
  """Representation similarity analysis: Dwivedi and Roig, arXiv:1904.11740.

  The dissimilarity of two rows is 1 minus the Pearson correlation of their
  features; the result is Spearman's correlation of the dissimilarities of all
  pairs. A row of constant features, such as those of dead ReLUs, has
  correlation 0 with all others.

  Args:
    x: features of one network.
    y: features of another on the same rows.

  Returns:
    Between -1 and 1.
  """
  above = np.triu_indices(len(x), 1)
  correlations = [jnp.nan_to_num(jnp.corrcoef(z)) for z in (x, y)]
  ranks = [_ranks((1 - own)[above]) for own in correlations]
  return jnp.corrcoef(jnp.stack(ranks))[0, 1]


def _ranks(values: Float[Array, 'n']) -> Float[Array, 'n']:
  """Ranks from 1; tied values have the mean of their ranks."""
  ordered = jnp.sort(values)
  below = jnp.searchsorted(ordered, values, side='left')
  upto = jnp.searchsorted(ordered, values, side='right')
  return (below + upto + 1) / 2
