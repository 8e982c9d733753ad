"""Which parameters belong to which task, by names and by tower axes."""

import re
from collections.abc import Callable
from typing import Any

import jax
from jaxtyping import Array, Shaped


def split(params: dict) -> tuple[dict, dict]:
  """Splits by top-level name into shared and task-specific parameters.

  Returns:
    `(shared, task)`. The second includes `aux_...`, which no task loss reaches.
  """
  shared = {k: v for k, v in params.items() if k.startswith('shared')}
  return shared, {k: v for k, v in params.items() if k not in shared}


def module_of(path: tuple) -> str:
  """The encoder stage of a parameter, such as `shared_encoder/stage_1`.

  A parameter outside numbered stages is listed under its top-level name.
  """
  keys = [part.key for part in path]
  stages = [i for i, key in enumerate(keys) if _STAGE.fullmatch(key)]
  return '/'.join(keys[: max(stages, default=0) + 1])


_STAGE = re.compile(r'stage_\d+')


def weights(params: Any) -> list[Array]:
  """Kernels, embeddings and biases, without those of normalization."""
  if not isinstance(params, dict):
    return [params]
  # Normalization layers have a scale.
  if 'scale' in params:
    return []
  return [w for part in params.values() for w in weights(part)]


def map_weights(function: Callable, params: Any) -> Any:
  """Applies a function to the parameters that `weights` lists.

  Args:
    function: from an array to an array.
    params: a tree of parameters.

  Returns:
    The tree; parameters of normalization are unchanged.
  """
  if not isinstance(params, dict):
    return function(params)
  if 'scale' in params:
    return params
  return {k: map_weights(function, part) for k, part in params.items()}


def kernels(params: Any) -> list[Array]:
  """Kernels and embeddings (kernels of one-hot words), without biases."""
  leaves = jax.tree_util.tree_leaves_with_path(params)
  return [leaf for path, leaf in leaves if is_kernel(path)]


def is_kernel(path: tuple) -> bool:
  """Whether this path ends at a kernel or an embedding."""
  return str(path[-1].key).endswith(('kernel', 'embedding'))


def per_tower(tree: dict, values: Shaped[Array, 'groups']) -> dict:
  """Arranges one value per tower like a tree, in shapes that broadcast.

  Args:
    tree: parameters; those of towers have the tower axis 0.
    values: one value for the whole tree, or one for each of K towers.

  Returns:
    A tree like `tree`. With K values, `head_t` has value t, and any other leaf
    has all values along axis 0.
  """

  def spread(path, leaf):
    name = path[0].key
    if len(values) == 1:
      return values[0]
    if name.startswith('head_'):
      return values[int(name.removeprefix('head_'))]
    return values.reshape(-1, *[1] * (leaf.ndim - 1))

  return jax.tree_util.tree_map_with_path(spread, tree)
