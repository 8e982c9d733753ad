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
    after: (losses, later losses, state) -> state, where the method looks at
      the same batch again when the step is done; else None.
    positive: losses must be.
  """

  init: Callable[[int], Any]
  update: Callable[..., tuple[Weights, Any]]
  needs_gram: bool = False
  neutral: bool = True
  after: Callable[..., Any] | None = None
  positive: bool = False


def positive(losses: Weights) -> Weights:
  """The losses, NaN where one is negative, for which there is no answer.

  A task without a label in the batch has loss 0. Its gradient is 0 as well, so
  that whatever stands in for it serves: 1 leaves the others alone.
  """
  return jnp.where(losses > 0, losses, jnp.where(losses == 0, 1.0, jnp.nan))


def sum_to_tasks(weights: Weights) -> Weights:
  """Scaled to sum to the number of tasks."""
  return len(weights) * weights / weights.sum()


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
