"""Gradient vaccine: gradients are rotated towards their usual cosines."""

import jax.numpy as jnp
from jax import lax

from mtl_jax.balancers import base
from mtl_jax.balancers.pcgrad import orders

RANGES = {'rate': base.Range(1e-3, 0.5, log=True)}


def make(rate: base.Number = 0.01) -> base.Balancer:
  """Wang, Tsvetkov, Firat, Cao, ICLR 2021, arXiv:2010.05874.

  Like PCGrad, but where the cosine of gradients i and j is below its moving
  average, a multiple of gradient j is added to i so that it reaches that
  average.

  Args:
    rate: of the moving average; 0 is `pcgrad`.

  Returns:
    The balancer.
  """

  def init(num_tasks):
    return jnp.zeros((num_tasks, num_tasks))

  def update(losses, gram, state, key):
    return align(gram, orders(key, len(losses)), state, rate)

  return base.Balancer(init, update, needs_gram=True)


def align(gram, order, targets, rate):
  """Rotates the gradients.

  Args:
    gram: `[K, K]`.
    order: `[K, K]`, row i is the order in which i is compared with the others.
    targets: `[K, K]`, moving averages of cosines.
    rate: of these.

  Returns:
    Weights `[K]` of the sum of the rotated gradients, and the new averages.
  """
  size = len(gram)
  own = jnp.eye(size, dtype=gram.dtype)
  squares = jnp.diagonal(gram)

  # One turn: each task i is compared with its next task, in all rows at once.
  # rows[i] are the coefficients of gradient i in the original gradients.
  def meet(carry, met):
    rows, targets = carry
    other = jnp.argmax(met, 1)
    chosen = squares[other]
    length = jnp.sqrt(jnp.einsum('ij,jk,ik->i', rows, gram, rows))
    inner = jnp.einsum('ij,jk,ik->i', met, gram, rows)
    valid = (length > 1e-15) & (chosen > 1e-30) & ((met * own).sum(1) == 0)
    norms = jnp.sqrt(jnp.where(valid, chosen, 1))
    cosine = jnp.where(valid, inner / jnp.where(valid, length * norms, 1), 0)
    # Targets are means of these, and the gain divides by sqrt(1 - target^2).
    cosine = jnp.clip(cosine, -1 + 1e-6, 1 - 1e-6)
    target = (met * targets).sum(1)
    side, wanted = jnp.sqrt(1 - cosine**2), jnp.sqrt(1 - target**2)
    gain = length * (target * side - cosine * wanted) / (norms * wanted)
    gain = jnp.where(valid & (cosine < target), gain, 0)
    rows = rows + gain[:, None] * met
    # The average moves whether or not the gradient was rotated.
    moved = (1 - rate) * target + rate * cosine
    new = jnp.where(valid, moved, target)
    return (rows, targets + (new - target)[:, None] * met), None

  met = jnp.swapaxes(own[order], 0, 1)  # [turns, K, K]
  (rows, targets), _ = lax.scan(meet, (own, targets), met)
  return rows.sum(0), targets
