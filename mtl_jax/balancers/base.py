"""The interface of balancers: from task losses to task weights."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

Weights = Float[Array, 'tasks']
Gram = Float[Array, 'tasks tasks']
# A hyperparameter of a method; traced where a sweep tunes it.
Number = float | int | Float[Array, '']


class Balancer(NamedTuple):
  """A pair of pure functions, as in Optax, and what they need.

  Attributes:
    init: `num_tasks -> state`; with `needs_grads` it takes `(num_tasks,
      shared)`, where `shared` is the tree of shared parameters.
    update: `(losses [K], gram, state, key) -> (weights [K], state)`. Without a
      Gram matrix `gram` is None and the weights scale whole losses; with one
      they scale the shared gradient only, and private parameters take the raw
      gradient of their own task's loss.
    needs_gram: `update` reads the Gram matrix `[K, K]` with entries
      `<g_i, g_j>`, where `g_i` is the gradient of task i's loss by the shared
      parameters.
    raw_gram: `update` reads the Gram matrix in its own unit. Otherwise a power
      of two divides it, such that its largest entry is from 0.5 to 1: squares
      of very small or large gradients would leave float32.
    neutral: equal gradients give weights that sum to K, so that the step is as
      long as that of the sum of the losses.
    after: `(losses, later_losses, state) -> state` for a method that evaluates
      the same batch again after the step; else None.
    positive: the method requires positive losses.
    needs_grads: `update` is given the gradients themselves in place of the
      Gram matrix, a pytree of leaves `[K, ...]`, and returns the shared
      gradient in place of weights.
    reported_weights: `state -> weights [K]` to be recorded, for a method with
      `needs_grads`; None records ones.
    n_batches: 1, or 3 for a method that draws three batches per step. The Gram
      matrix is then `<g_i on the first, g_j on the second>`, and the weights
      scale the gradients of the third, whose losses are given.
  """

  init: Callable[..., Any]
  update: Callable[..., tuple[Any, Any]]
  needs_gram: bool = False
  neutral: bool = True
  after: Callable[..., Any] | None = None
  positive: bool = False
  needs_grads: bool = False
  reported_weights: Callable[[Any], Weights] | None = None
  n_batches: int = 1
  raw_gram: bool = False

  @property
  def per_task(self) -> bool:
    """Whether the method needs the shared gradient of each task."""
    return self.needs_gram or self.needs_grads


class Range(NamedTuple):
  """The interval from which a hyperparameter is drawn when it is tuned.

  The dictionary `RANGES` of a balancer's file has one per field, or a tuple of
  choices.

  Attributes:
    low: the smallest value.
    high: the largest value.
    log: whether to draw uniformly in the logarithm.
  """

  low: float
  high: float
  log: bool = False


def positive(losses: Weights) -> Weights:
  """Losses for a method that divides by them or takes their logarithm.

  Returns:
    `[K]`: NaN for a negative loss, which makes the step use equal weights; 1
    for a loss of 0, that of a task without a label in the batch. Such a task's
    gradient is 0, so its weight does not matter, and 1 does not affect others.
  """
  return jnp.where(losses > 0, losses, jnp.where(losses == 0, 1.0, jnp.nan))


def among(live: Bool[Array, 'tasks'], weights: Weights) -> Weights:
  """Normalises weights over the tasks that have a gradient.

  Args:
    live: `[K]`, which tasks have one; the others have, say, no label.
    weights: `[K]`.

  Returns:
    `[K]`: the weights of live tasks sum to their number, the others are 1.
  """
  weights = jnp.where(live, weights, 0)
  return jnp.where(live, live.sum() * weights / weights.sum(), 1)


def at_least(least: Any, **given: Any) -> None:
  """Checks hyperparameters against a lower bound.

  Args:
    least: the bound.
    **given: values by name. Traced ones pass: they have no value yet.

  Raises:
    ValueError: a value is below the bound.
  """
  for name, value in given.items():
    # A traced value is not known here; the sweep's `RANGES` bound it.
    if not isinstance(value, jax.core.Tracer) and value < least:
      raise ValueError(f'{name} is {value}; it must be {least} or more')


def within(least: Any, most: Any, **given: Any) -> None:
  """Checks hyperparameters against two bounds.

  Args:
    least: the lower bound.
    most: the upper bound.
    **given: values by name. Traced ones pass: they have no value yet.

  Raises:
    ValueError: a value is not between the bounds.
  """
  at_least(least, **given)
  for name, value in given.items():
    if not isinstance(value, jax.core.Tracer) and value > most:
      raise ValueError(f'{name} is {value}; it must be {most} or less')


def sum_to_tasks(weights: Weights) -> Weights:
  """Scales weights `[K]` to sum to K."""
  return len(weights) * weights / weights.sum()


def gram(grads: Any, others: Any = None) -> Gram:
  """The Gram matrix of K gradients.

  Args:
    grads: a pytree of leaves `[K, ...]`.
    others: gradients of the same shapes; None takes `grads`.

  Returns:
    `[K, K]`, the inner products of each of `grads` with each of `others`, in
    float32 or more.
  """

  def products(leaf, other):
    exact = jnp.promote_types(leaf.dtype, jnp.float32)
    rows, columns = (
      x.reshape(x.shape[0], -1).astype(exact) for x in (leaf, other)
    )
    # The default precision of accelerators corrupts small cosines.
    return jnp.matmul(rows, columns.T, precision='highest')

  others = grads if others is None else others
  return sum(jax.tree.leaves(jax.tree.map(products, grads, others)))


def weighted(weights: Weights, rows: Any) -> Any:
  """The weighted sum of K gradients.

  Args:
    weights: `[K]`.
    rows: a pytree of leaves `[K, ...]`.

  Returns:
    The same tree without the task axis.
  """
  return jax.tree.map(lambda g: jnp.tensordot(weights, g, 1), rows)


def by_task(values: Weights, leaf: Array) -> Array:
  """Reshapes one value per task to broadcast against a leaf.

  Args:
    values: `[K]`.
    leaf: `[K, ...]`.

  Returns:
    `[K, 1, ..., 1]`.
  """
  return values.reshape(-1, *[1] * (leaf.ndim - 1))


def scaled(gram: Gram) -> Gram:
  """Divides a Gram matrix by a power of two, so that no digit changes.

  Args:
    gram: `[K, K]`.

  Returns:
    `[K, K]`, with a largest entry from 0.5 to 1; the same matrix where that is
    0 or not finite.
  """
  largest = jnp.abs(gram).max()
  known = (largest > 0) & jnp.isfinite(largest)
  _, exponent = jnp.frexp(jnp.where(known, largest, 0.5))
  # In two halves, since 2^-exponent itself may leave float32.
  half = exponent // 2
  return jnp.ldexp(jnp.ldexp(gram, -half), half - exponent)


def guard(
  weights: Weights, gram: Gram | None
) -> tuple[Weights, Float[Array, '']]:
  """Replaces the weights of a failed update by equal ones.

  Args:
    weights: `[K]`, from the method.
    gram: the Gram matrix `[K, K]` it was given, or None.

  Returns:
    The weights, or ones where a weight or an entry of the Gram matrix is not
    finite or all gradients are 0; and 1 if that is so, else 0.
  """
  failed = ~jnp.isfinite(weights).all()
  if gram is not None:
    # A solver may return finite weights for such a matrix as well.
    failed |= ~jnp.isfinite(gram).all() | (jnp.abs(gram).max() <= 1e-30)
  return jnp.where(failed, 1.0, weights), failed.astype(jnp.float32)
