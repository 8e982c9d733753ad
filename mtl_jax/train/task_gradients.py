"""Per-task gradients of one forward pass, and which of them are compared."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtl_jax.balancers import base as balancers
from mtl_jax.schemes import base as schemes


class ForwardPass(NamedTuple):
  """The losses of one batch and their pullback.

  Attributes:
    losses: raw task losses `[K]`.
    penalty: the scheme's auxiliary loss on this batch, a scalar that no
      balancer sees, or `()` where the scheme has none.
    pullback: `(weights [K], penalty_weight) -> (by_params, by_features)`, the
      gradients of the weighted sum of losses and penalty with respect to the
      parameters and to the features that the scheme marks.
      `penalty_weight` has the structure of `penalty`. XLA removes whichever of
      the two gradients is not used.
  """

  losses: Float[Array, 'tasks']
  penalty: Any
  pullback: Callable[[Array, Any], tuple[dict, Any]]


def rows(
  forward_pass: ForwardPass, static: Float[Array, 'tasks'], over: str
) -> Any:
  """The gradient of each task's loss, with the tasks on a leading axis.

  Args:
    forward_pass: the batch.
    static: `[K]`, constant weights that scale each task's loss.
    over: 'features' for gradients of the marked features; anything else for
      those of the shared parameters. See `sections.WORDS`.

  Returns:
    A pytree of leaves `[K, ...]`, without the gradient of the penalty.
  """
  no_penalty = jax.tree.map(jnp.zeros_like, forward_pass.penalty)
  # One VJP for all tasks: the cotangents are the rows of a diagonal matrix.
  by_params, by_features = jax.vmap(
    lambda w: forward_pass.pullback(w, no_penalty)
  )(jnp.diag(static))
  return by_features if over == 'features' else schemes.split(by_params)[0]


def shared(
  forward_pass: ForwardPass,
  weights: Float[Array, 'tasks'],
  penalty_weight: Any,
) -> dict:
  """The gradient of the weighted losses by the shared parameters.

  Args:
    forward_pass: the batch.
    weights: `[K]`, of the losses.
    penalty_weight: of the penalty, with its structure.

  Returns:
    The shared part of the parameter tree, without a task axis.
  """
  return schemes.split(forward_pass.pullback(weights, penalty_weight)[0])[0]


def private(
  forward_pass: ForwardPass,
  weights: Float[Array, 'tasks'],
  penalty_weight: Any,
) -> dict:
  """The gradient of the weighted losses by the task-specific parameters.

  Args:
    forward_pass: the batch.
    weights: `[K]`, of the losses.
    penalty_weight: of the penalty, with its structure.

  Returns:
    The private part of the parameter tree, also for parameters that no task's
    loss reaches.
  """
  return schemes.split(forward_pass.pullback(weights, penalty_weight)[0])[1]


def modules(shared: dict) -> list[str]:
  """The sorted names of the stages in `shared`, see `schemes.module_of`."""
  leaves = jax.tree_util.tree_leaves_with_path(shared)
  return sorted({schemes.module_of(path) for path, _ in leaves})


def by_module(rows: dict) -> Float[Array, 'modules tasks tasks']:
  """One Gram matrix per stage, in the order of `modules`."""
  # A stage has several leaves, and its inner products add up over them.
  grams = dict.fromkeys(modules(rows), 0)
  for path, leaf in jax.tree_util.tree_leaves_with_path(rows):
    grams[schemes.module_of(path)] += balancers.gram(leaf)
  return jnp.stack(list(grams.values()))


def weighted_by_module(
  weights: Float[Array, 'modules tasks'], rows: dict
) -> dict:
  """The sum of the tasks' gradients, with separate weights for each stage.

  Args:
    weights: `[M, K]`, stages in the order of `modules`.
    rows: gradients, leaves `[K, ...]`.

  Returns:
    The same tree without the task axis.
  """
  names = modules(rows)

  def add(path, leaf):
    own = weights[names.index(schemes.module_of(path))]
    return jnp.tensordot(own, leaf, 1)

  return jax.tree_util.tree_map_with_path(add, rows)
