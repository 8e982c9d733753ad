"""Who learns which parameter, told by names and by stacked axes."""

import re
from collections.abc import Callable
from typing import Any

import jax
from jaxtyping import Array, Shaped


def split(params: dict) -> tuple[dict, dict]:
  """Cuts by top-level name: `(shared, task)`, the task part with `aux_`."""
  shared = {k: v for k, v in params.items() if k.startswith('shared')}
  return shared, {k: v for k, v in params.items() if k not in shared}


def module_of(path: tuple) -> str:
  """The stage that a parameter is of, such as `shared_encoder/stage_1`.

  What is of no numbered stage goes by its top-level name.
  """
  keys = [part.key for part in path]
  stages = [i for i, key in enumerate(keys) if _STAGE.fullmatch(key)]
  return '/'.join(keys[: max(stages, default=0) + 1])


_STAGE = re.compile(r'stage_\d+')


def weights(params: Any) -> list[Array]:
  """Kernels, embeddings and biases, without those of normalisation."""
  if not isinstance(params, dict):
    return [params]
  if 'scale' in params:
    return []
  return [w for part in params.values() for w in weights(part)]


def map_weights(function: Callable, params: Any) -> Any:
  """`params` with `function` applied to those that `weights` lists."""
  if not isinstance(params, dict):
    return function(params)
  if 'scale' in params:
    return params
  return {k: map_weights(function, part) for k, part in params.items()}


def kernels(params: Any) -> list[Array]:
  """Kernels and embeddings, which are kernels of one-hot words; no biases."""
  leaves = jax.tree_util.tree_leaves_with_path(params)
  return [leaf for path, leaf in leaves if is_kernel(path)]


def is_kernel(path: tuple) -> bool:
  """Whether this path ends at a kernel or an embedding."""
  return str(path[-1].key).endswith(('kernel', 'embedding'))


def per_tower(tree: dict, values: Shaped[Array, 'groups']) -> dict:
  """Spreads one value per tower over `tree`, in shapes that broadcast.

  With one value the whole tree is one group. With K, `head_t` takes value t
  and any other leaf takes them along its tower axis 0.
  """

  def spread(path, leaf):
    name = path[0].key
    if len(values) == 1:
      return values[0]
    if name.startswith('head_'):
      return values[int(name.removeprefix('head_'))]
    return values.reshape(-1, *[1] * (leaf.ndim - 1))

  return jax.tree_util.tree_map_with_path(spread, tree)
