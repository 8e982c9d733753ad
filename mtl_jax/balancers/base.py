"""What a balancer is: task losses (and a Gram matrix) to task weights."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

Weights = Float[Array, 'tasks']
Gram = Float[Array, 'tasks tasks']
Number = float | int | Float[Array, '']  # of a method; traced where it is tuned


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
    needs_grads: in the Gram's place `update` sees the gradients themselves, a
      pytree of leaves `[K, ...]`, and returns the shared update in place of
      weights. `init` takes the shared parameters as well.
    told: state -> weights `[K]` for the records, where `needs_grads`.
    n_batches: 1, or 3 of a step's own: the Gram is then that of the first
      two, `gram[i, j] = <g_i of one, g_j of the other>`, and the weights
      scale the gradients of the third, whose losses are given.
  """

  init: Callable[..., Any]
  update: Callable[..., tuple[Any, Any]]
  needs_gram: bool = False
  neutral: bool = True
  after: Callable[..., Any] | None = None
  positive: bool = False
  needs_grads: bool = False
  told: Callable[[Any], Weights] | None = None
  n_batches: int = 1

  @property
  def per_task(self) -> bool:
    """Whether each task's shared gradient is looked at by itself."""
    return self.needs_gram or self.needs_grads


class Range(NamedTuple):
  """Where a number of a method is drawn from when it is tuned.

  `RANGES` of a file names those of its fields, or the choices of one.
  """

  low: float
  high: float
  log: bool = False


def positive(losses: Weights) -> Weights:
  """The losses, NaN where one is negative, for which there is no answer.

  A task without a label in the batch has loss 0. Its gradient is 0 as well, so
  that whatever stands in for it serves: 1 leaves the others alone.
  """
  return jnp.where(losses > 0, losses, jnp.where(losses == 0, 1.0, jnp.nan))


def among(live: Bool[Array, 'tasks'], weights: Weights) -> Weights:
  """Scaled to sum to the number of tasks that are live.

  The others have no gradient, say for want of a label: theirs is 1.
  """
  weights = jnp.where(live, weights, 0)
  return jnp.where(live, live.sum() * weights / weights.sum(), 1)


def at_least(least: Any, **given: Any) -> None:
  """Raises `ValueError` for a number below; one that is traced passes."""
  for name, value in given.items():
    if not isinstance(value, jax.core.Tracer) and value < least:
      raise ValueError(f'{name} is {value}; it must be {least} or more')


def within(least: Any, most: Any, **given: Any) -> None:
  """Raises `ValueError` for a number that is not between the two."""
  at_least(least, **given)
  for name, value in given.items():
    if not isinstance(value, jax.core.Tracer) and value > most:
      raise ValueError(f'{name} is {value}; it must be {most} or less')


def sum_to_tasks(weights: Weights) -> Weights:
  """Scaled to sum to the number of tasks."""
  return len(weights) * weights / weights.sum()


def gram(grads: Any, others: Any = None) -> Gram:
  """Inner products of K gradients, a pytree of leaves `[K, ...]`.

  With `others` they are those of each gradient with each other one.
  """

  def products(leaf, other):
    exact = jnp.promote_types(leaf.dtype, jnp.float32)
    rows, columns = (
      x.reshape(x.shape[0], -1).astype(exact) for x in (leaf, other)
    )
    # Less than full precision corrupts small cosines on accelerators.
    return jnp.matmul(rows, columns.T, precision='highest')

  others = grads if others is None else others
  return sum(jax.tree.leaves(jax.tree.map(products, grads, others)))


def weighted(weights: Weights, rows: Any) -> Any:
  """The sum of K gradients by their weights."""
  return jax.tree.map(lambda g: jnp.tensordot(weights, g, 1), rows)


def by_task(values: Weights, leaf: Array) -> Array:
  """One value per task, in a shape that multiplies a leaf `[K, ...]`."""
  return values.reshape(-1, *[1] * (leaf.ndim - 1))


def guard(
  weights: Weights, gram: Gram | None
) -> tuple[Weights, Float[Array, '']]:
  """Equal weights where the method has no answer, and whether that was so."""
  failed = ~jnp.isfinite(weights).all()
  if gram is not None:
    failed |= ~jnp.isfinite(gram).all() | (jnp.abs(gram).max() <= 1e-30)
  return jnp.where(failed, 1.0, weights), failed.astype(jnp.float32)
