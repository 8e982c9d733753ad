"""Gradient surgery: conflicting gradients are projected onto each other."""

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Int

from mtl_jax.balancers import base

# Up to this many tasks the loop is unrolled. For more it is not: that compiles
# faster and costs little at run time.
UNROLLED = 8


def make() -> base.Balancer:
  """Yu, Kumar, Gupta, Levine, Hausman, Finn, NeurIPS 2020, arXiv:2001.06782.

  From gradient i its component along each other original gradient j is
  removed where the two conflict. Each i has an order of the others of its own,
  drawn anew at every step.

  Returns:
    The balancer.
  """

  def update(losses, gram, state, key):
    return project(gram, orders(key, len(losses))), state

  return base.Balancer(
    init=lambda num_tasks: (), update=update, needs_gram=True
  )


def orders(key: jax.Array, size: int) -> Int[Array, 'tasks tasks']:
  """Draws one permutation of the tasks per task.

  Args:
    key: random key.
    size: K.

  Returns:
    `[K, K]`, a permutation in each row.
  """
  # The ranks of random numbers, by comparing all pairs: for small K one fused
  # operation, where a sort is a loop.
  draws = jax.random.uniform(key, (size, size))
  before = draws[:, :, None] < draws[:, None, :]
  tie = draws[:, :, None] == draws[:, None, :]
  first = jnp.triu(jnp.ones((size, size), bool), 1)[None]
  ranks = (before | (tie & first)).sum(1)  # of each number in its row
  places = ranks[:, None, :] == jnp.arange(size)[None, :, None]
  return jnp.argmax(places, axis=2)


def project(gram: base.Gram, orders: Int[Array, 'tasks tasks']) -> base.Weights:
  """Weights of the sum of the projected gradients.

  Args:
    gram: `[K, K]`.
    orders: `[K, K]`; row i is the order in which i is projected onto the
      others. It contains i itself, which is skipped.

  Returns:
    `[K]`.
  """
  size = len(gram)
  own = jnp.eye(size, dtype=gram.dtype)

  # One turn: every task is projected onto its next one. rows[i] are the
  # coefficients of gradient i in the original gradients, and met[i] is one-hot.
  def meet(rows, met):
    others = jnp.matmul(met, gram, precision='highest')
    product = (others * rows).sum(1)
    conflict = (product < 0) & ((met * own).sum(1) == 0)
    # Where there is a conflict the square is positive, so this is never 0 / 0.
    square = jnp.where(conflict, (met * jnp.diag(gram)[None]).sum(1), 1)
    surplus = jnp.where(conflict, product / square, 0)
    return rows - surplus[:, None] * met, None

  met = jax.nn.one_hot(orders.T, size, dtype=gram.dtype)  # [turns, K, K]
  unroll = size if size <= UNROLLED else 1
  rows, _ = lax.scan(meet, own, met, unroll=unroll)
  return rows.sum(0)
