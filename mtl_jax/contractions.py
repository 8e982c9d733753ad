"""Matrix products that stay fast when one network becomes many towers.

They may be mapped over towers, task losses and runs; their gradients are
products of the same kinds, to any order.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import custom_batching, lax
from jaxtyping import Array, Float

# Up to as many towers are multiplied one by one on a CPU, where a product of a
# batch of small matrices runs at a third of the speed.
ONE_BY_ONE = 16


def _towers(multiply: Callable) -> Callable:
  """`multiply`, whose map over pairs of operands is a loop on a CPU."""

  @custom_batching.custom_vmap
  def product(a, b):
    return multiply(a, b)

  @product.def_vmap
  def mapped(size, are_mapped, a, b):
    if not all(are_mapped) or size > ONE_BY_ONE:
      axes = tuple(0 if m else None for m in are_mapped)
      return jax.vmap(multiply, axes)(a, b), True

    def one_by_one(a, b):
      return jnp.stack([product(a[i], b[i]) for i in range(size)])

    at_once = jax.vmap(multiply)
    return lax.platform_dependent(a, b, cpu=one_by_one, default=at_once), True

  return product


def _all_but_first(p, q):
  axes = tuple(range(1, p.ndim))
  return lax.dot_general(p, q, ((axes, axes), ((), ())))


_product = _towers(lambda a, b: jnp.tensordot(a, b, 1))
_overlap = _towers(_all_but_first)


@jax.custom_vjp
def matmul(
  a: Float[Array, 'm k'], b: Float[Array, 'k *rest']
) -> Float[Array, 'm *rest']:
  """`sum_k a[m, k] b[k, ...]`; the axes of `b` are not merged.

  So a partitioner may cut each of them, the batch above all.
  """
  return _product(a, b)


@jax.custom_vjp
def overlap(
  p: Float[Array, 'm *rest'], q: Float[Array, 'k *rest']
) -> Float[Array, 'm k']:
  """`sum p[m, ...] q[k, ...]` over all other axes."""
  return _overlap(p, q)


# Forward they call themselves: so a second derivative finds these rules again.
matmul.defvjp(
  lambda a, b: (matmul(jnp.asarray(a), jnp.asarray(b)), (a, b)),
  lambda ab, slope: (overlap(slope, ab[1]), matmul(ab[0].T, slope)),
)
overlap.defvjp(
  lambda p, q: (overlap(jnp.asarray(p), jnp.asarray(q)), (p, q)),
  lambda pq, slope: (matmul(slope, pq[1]), matmul(slope.T, pq[0])),
)
