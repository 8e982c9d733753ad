"""What a balancer is: task losses (and a Gram matrix) to task weights."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Weights = Float[Array, 'tasks']
Gram = Float[Array, 'tasks tasks']


class Balancer(NamedTuple):
  """Pure functions, in the manner of optax.

  Attributes:
    init: number of tasks K -> state.
    update: (losses [K], gram [K, K] or None, state, key) -> (weights [K],
      state). Without a Gram the weights scale whole losses; with one they
      scale the shared gradient only, and task parameters keep theirs raw.
    needs_gram: `update` reads `gram[i, j] = <g_i, g_j>`, the gradients of the
      task losses over the shared parameters.
    neutral: equal gradients give weights that sum to K.
  """

  init: Callable[[int], Any]
  update: Callable[..., tuple[Weights, Any]]
  needs_gram: bool = False
  neutral: bool = True


def gram(grads: Any) -> Gram:
  """Inner products of K gradients, a pytree of leaves `[K, ...]`."""

  def products(leaf):
    rows = leaf.reshape(leaf.shape[0], -1).astype(jnp.float32)
    # Less than full precision corrupts small cosines on accelerators.
    return jnp.matmul(rows, rows.T, precision='highest')

  return sum(jax.tree.leaves(jax.tree.map(products, grads)))


def guard(
  weights: Weights, gram: Gram | None
) -> tuple[Weights, Float[Array, '']]:
  """Equal weights where the method has no answer, and whether that was so."""
  failed = ~jnp.isfinite(weights).all()
  if gram is not None:
    failed |= jnp.trace(gram) <= 1e-30
  return jnp.where(failed, 1.0, weights), failed.astype(jnp.float32)
