"""Gradient surgery: conflicting gradients are projected onto each other."""

import jax
import jax.numpy as jnp
from jax import lax

from mtl_jax.balancers import base


def make() -> base.Balancer:
  """Yu, Kumar, Gupta, Levine, Hausman, Finn, NeurIPS 2020, arXiv:2001.06782.

  Gradient i loses, for the others j in an order of its own drawn anew at every
  step, its component along the original g_j wherever the two conflict.
  """

  def update(losses, gram, state, key):
    num_tasks = len(losses)
    draw = jax.vmap(lambda k: jax.random.permutation(k, num_tasks))
    orders = draw(jax.random.split(key, num_tasks))
    return project(gram, orders), state

  return base.Balancer(
    init=lambda num_tasks: (), update=update, needs_gram=True
  )


def project(gram: base.Gram, orders: jax.Array) -> base.Weights:
  """Weights of the projected gradients' sum.

  Args:
    gram: `[K, K]`.
    orders: `[K, K]`, row i is the order in which i meets the others; i itself
      is skipped.
  """

  def one(i, order):
    def meet(n, row):  # row [K] expands gradient i in the original ones
      j = order[n]
      product = gram[j] @ row
      conflict = (product < 0) & (j != i)
      # A gradient of 0 is in conflict with none, so there is no 0 / 0.
      surplus = product / jnp.where(conflict, gram[j, j], 1)
      return row.at[j].add(-jnp.where(conflict, surplus, 0))

    start = jax.nn.one_hot(i, len(gram), dtype=gram.dtype)
    return lax.fori_loop(0, len(gram), meet, start)

  return jax.vmap(one)(jnp.arange(len(gram)), orders).sum(0)
