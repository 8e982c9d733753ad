"""How tasks help and hurt each other, read off gradients and features.

Gradients are raw: of unweighted losses on one batch, over shared parameters.
What is a function of their Gram matrix `[K, K]` takes that; of a task without
a gradient it is NaN, as it is on the diagonal where a pair is asked for.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from mtl_jax.balancers import base

Gram = base.Gram
Pairs = Float[Array, 'tasks tasks']


def _squares(gram: Gram) -> Float[Array, 'tasks']:
  squares = jnp.diagonal(gram)
  return jnp.where(squares > 1e-30, squares, jnp.nan)


def _pairs(values: Pairs) -> Pairs:
  """Without the diagonal, where a task would be a pair with itself."""
  return jnp.where(jnp.eye(len(values), dtype=bool), jnp.nan, values)


def cosines(gram: Gram) -> Pairs:
  """Cosines of the angles between gradients; below 0 two tasks conflict."""
  norms = jnp.sqrt(_squares(gram))
  found = gram / (norms[:, None] * norms[None])
  return _pairs(jnp.clip(found, -1, 1))


def conflicts(gram: Gram) -> Pairs:
  """1 where two gradients point apart, else 0: the mean is a rate."""
  found = cosines(gram)
  return jnp.where(jnp.isnan(found), jnp.nan, found < 0)


def corrected_cosines(cross: Gram) -> Pairs:
  """Cosines of the gradients' expectations, from two half batches.

  `cross[i, j]` is the inner product of gradient i on one half with gradient j
  on the other. Noise of a batch is in no such product, its mean over steps has
  no bias, and is better taken before this than after. NaN where a square is
  not positive: the gradient is all noise.
  """
  return cosines((cross + cross.T) / 2)


def magnitude_similarity(gram: Gram) -> Pairs:
  """1 for gradients of one length; arXiv:2001.06782, definition 2."""
  squares = _squares(gram)
  product = jnp.sqrt(squares[:, None] * squares[None])
  return _pairs(2 * product / (squares[:, None] + squares[None]))


def curvature_bound(gram: Gram) -> Pairs:
  """The curvature from which on surgery gains, arXiv:2001.06782, def. 4."""
  squares = _squares(gram)
  sums = squares[:, None] + squares[None]
  cosine = cosines(gram)
  apart, together = sums - 2 * gram, sums + 2 * gram
  return _pairs((1 - cosine**2) * apart / together)


def condition(gram: Gram) -> Float[Array, '']:
  """Largest over least singular value of the gradients that is not 0."""
  values = jnp.linalg.eigvalsh(gram / jnp.maximum(jnp.trace(gram), 1e-30))
  kept = values > 1e-6 * values.max()
  least = jnp.where(kept, values, jnp.inf).min()
  return jnp.sqrt(values.max() / least)


def alignment(gram: Gram) -> Float[Array, '']:
  """|sum of gradients|^2 / sum of |gradient|^2: 1 orthogonal, K aligned."""
  return gram.sum() / jnp.trace(gram)


# Of each pair of tasks, and of all tasks together.
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
  """Multi-task curvature of a step, arXiv:2001.06782, definition 3.

  The mean over the way from `params` to `new` of the summed loss's curvature
  along its gradient at `params`: five points of Gauss and Legendre, and
  products with the Hessian, which is never formed.
  """
  slope = jax.grad(loss)
  along = slope(params)
  nodes, weights = np.polynomial.legendre.leggauss(5)

  def dot(a, b):
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return sum(jnp.vdot(x, y) for x, y in pairs)

  # Twice backward: products of our own have no forward mode.
  turned = jax.grad(lambda point: dot(slope(point), along))

  def at(share):
    point = jax.tree.map(lambda a, b: a + share * (b - a), params, new)
    return dot(turned(point), along)

  found = lax.map(at, jnp.asarray((nodes + 1) / 2, jnp.float32))
  return jnp.asarray(weights / 2, jnp.float32) @ found


class Affinity(NamedTuple):
  """What a step on task i does to the loss of task j, on the same batch.

  `gain` is relative, 1 - after / before, and blows up as a loss nears 0;
  `fall` is before - after. Rows are i. The diagonal, a task's own, does not
  compare with the rest.
  """

  gain: Pairs
  fall: Pairs


def look_ahead(
  losses: Callable[[Any], Float[Array, 'tasks']],
  shared: Any,
  rows: Any,
  rate: Float[Array, ''] | float,
) -> Affinity:
  """TAG: Fifty et al., NeurIPS 2021, arXiv:2109.04617.

  Args:
    losses: of shared parameters, all else fixed, the batch's noise too.
    shared: parameters.
    rows: each task's gradient by them, leaves `[K, ...]`.
    rate: of the plain step of gradient descent that is tried.
  """
  before = losses(shared)

  def after(row):
    moved = jax.tree.map(lambda p, g: p - rate * g, shared, row)
    return losses(moved)

  later = lax.map(after, rows)
  return Affinity(1 - later / before[None], before[None] - later)


def linear_cka(
  x: Float[Array, 'rows a'], y: Float[Array, 'rows b']
) -> Float[Array, '']:
  """Likeness of two representations: Kornblith et al., arXiv:1905.00414.

  The same rows in both, a thousand or more. Rotations and one scale for all
  features leave it; 1 is alike.
  """
  x, y = x - x.mean(0, keepdims=True), y - y.mean(0, keepdims=True)

  def square(a, b):
    if max(a.shape[1], b.shape[1]) > len(a):  # The Grams are smaller then.
      left, right = (jnp.matmul(z, z.T, precision='highest') for z in (a, b))
      return (left * right).sum()
    return jnp.square(jnp.matmul(a.T, b, precision='highest')).sum()

  return square(x, y) / jnp.sqrt(square(x, x) * square(y, y))


def rsa(
  x: Float[Array, 'rows a'], y: Float[Array, 'rows b']
) -> Float[Array, '']:
  """Dwivedi and Roig, CVPR 2019, arXiv:1904.11740.

  Spearman's correlation of how unlike each pair of rows is in both, by 1 less
  Pearson's correlation of their features. A row of features that are all the
  same, such as dead ReLUs, correlates with none: 0.
  """
  above = np.triu_indices(len(x), 1)
  alike = [jnp.nan_to_num(jnp.corrcoef(z)) for z in (x, y)]
  ranks = [_ranks((1 - own)[above]) for own in alike]
  return jnp.corrcoef(jnp.stack(ranks))[0, 1]


def _ranks(values: Float[Array, 'n']) -> Float[Array, 'n']:
  """From 1; those that tie share the mean of theirs."""
  ordered = jnp.sort(values)
  below = jnp.searchsorted(ordered, values, side='left')
  upto = jnp.searchsorted(ordered, values, side='right')
  return (below + upto + 1) / 2
