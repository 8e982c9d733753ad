"""Parameters that are not trained, by prefixes of their names.

They get no gradient, no weight decay and no update; the optimizer's moments of
them stay 0. Balancers do not see them: their gradients are 0 in every Gram
matrix. Running statistics of normalization are no parameters and follow the
data.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from mtl_jax.schemes import base as schemes
from mtl_jax.schemes.base import heads
from mtl_jax.train import task_gradients
from mtl_jax.train.matrix_layout import Block, Layout
from mtl_jax.train.parameters import Parameters

Prefixes = tuple[str, ...]


def names(path: Sequence[str]) -> list[str]:
  """The names of a leaf: several for a stack of heads, see `heads`.

  Args:
    path: keys of the leaf in a gathered tree.
  """
  first, *rest = path
  tops = [f'head_{t}' for t in heads.members(first)] or [first]
  return ['/'.join([top, *rest]) for top in tops]


def frozen(prefixes: Prefixes, path: Sequence[str]) -> bool:
  """Whether a leaf is frozen.

  Args:
    prefixes: of names such as `shared_encoder/stage_0/Dense_0/kernel`.
    path: keys of the leaf in a gathered tree.

  Raises:
    ValueError: some heads of one stack would be frozen and others not.
  """
  own = [name.startswith(prefixes) for name in names(path)]
  if any(own) != all(own):
    raise ValueError(_PARTIAL)
  return all(own)


_PARTIAL = (
  'config.freeze names some of several heads of one shape, which are trained '
  "together; freeze all heads, by 'head_', or none"
)


def stopped(prefixes: Prefixes, tree: Any) -> Any:
  """The tree of parameters without gradients by those that are frozen."""
  if not prefixes:
    return tree

  def stop(path, leaf):
    keys = [part.key for part in path]
    return lax.stop_gradient(leaf) if frozen(prefixes, keys) else leaf

  return jax.tree_util.tree_map_with_path(stop, tree)


def of_block(prefixes: Prefixes, layout: Layout, block: Block) -> bool:
  """Whether the leaves of a block are frozen; see `frozen`."""
  if not prefixes:
    return False
  own = [frozen(prefixes, layout.paths[i]) for i in block.leaves]
  if any(own) != all(own):
    raise ValueError(_PARTIAL)
  return all(own)


def trained_modules(prefixes: Prefixes, tree: Any) -> list[int]:
  """Numbers of the stages that are not wholly frozen.

  Args:
    prefixes: of the names of parameters.
    tree: shared parameters or their gradients; see `task_gradients.modules`.
  """
  numbers = {name: i for i, name in enumerate(task_gradients.modules(tree))}
  return sorted(
    {
      numbers[schemes.module_of(path)]
      for path, _ in jax.tree_util.tree_leaves_with_path(tree)
      if not frozen(prefixes, [part.key for part in path])
    }
  )


def zeroed(prefixes: Prefixes, values: Parameters) -> Parameters:
  """Gradients or updates with zeros for the parameters that are frozen."""
  if not prefixes:
    return values
  layout = values.layout

  def select(part, which):
    if isinstance(which, bool):
      return jnp.zeros_like(part) if which else part
    return jnp.where(which, 0, part)

  return values.per_block(
    lambda block: of_block(prefixes, layout, block), select
  )
