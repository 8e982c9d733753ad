"""Gradient surgery: conflicting gradients are projected onto each other."""

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Int

from mtl_jax.balancers import base

UNROLLED = 8  # tasks; beyond, a loop compiles faster and costs little


def make() -> base.Balancer:
  """Yu, Kumar, Gupta, Levine, Hausman, Finn, NeurIPS 2020, arXiv:2001.06782.

  Gradient i loses, for the others j in an order of its own drawn anew at every
  step, its component along the original g_j wherever the two conflict.
  """

  def update(losses, gram, state, key):
    return project(gram, orders(key, len(losses))), state

  return base.Balancer(
    init=lambda num_tasks: (), update=update, needs_gram=True
  )


def orders(key: jax.Array, size: int) -> Int[Array, 'tasks tasks']:
  """A permutation per row: the ranks of random numbers, without a sort.

  Comparing all pairs is one operation where K is small.
  """
  draws = jax.random.uniform(key, (size, size))
  before = draws[:, :, None] < draws[:, None, :]
  tie = draws[:, :, None] == draws[:, None, :]
  first = jnp.triu(jnp.ones((size, size), bool), 1)[None]
  ranks = (before | (tie & first)).sum(1)  # of each number in its row
  places = ranks[:, None, :] == jnp.arange(size)[None, :, None]
  return jnp.argmax(places, axis=2)


def project(gram: base.Gram, orders: Int[Array, 'tasks tasks']) -> base.Weights:
  """Weights of the projected gradients' sum.

  Args:
    gram: `[K, K]`.
    orders: `[K, K]`, row i is the order in which i meets the others; i itself
      is skipped.
  """
  size = len(gram)
  own = jnp.eye(size, dtype=gram.dtype)

  def meet(rows, met):  # rows[i] expands gradient i in the original ones
    others = jnp.matmul(met, gram, precision='highest')
    product = (others * rows).sum(1)
    conflict = (product < 0) & ((met * own).sum(1) == 0)
    # A gradient of 0 is in conflict with none, so there is no 0 / 0.
    square = jnp.where(conflict, (met * jnp.diag(gram)[None]).sum(1), 1)
    surplus = jnp.where(conflict, product / square, 0)
    return rows - surplus[:, None] * met, None

  met = jax.nn.one_hot(orders.T, size, dtype=gram.dtype)  # [turns, K, K]
  unroll = size if size <= UNROLLED else 1
  rows, _ = lax.scan(meet, own, met, unroll=unroll)
  return rows.sum(0)
