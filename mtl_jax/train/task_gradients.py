"""Gradients of the tasks one by one, and which of them are compared."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtl_jax.balancers import base as balancers
from mtl_jax.schemes import base as schemes


class Look(NamedTuple):
  """A batch that went forward, and the way back.

  Attributes:
    losses: raw.
    charged: the scheme's price of this batch, which no balancer sees, or ().
    back: (weights [K], price) -> gradients of the sum of both, by the
      parameters and by the features that the scheme marks. The compiler
      leaves out whatever part of them is not used.
  """

  losses: Float[Array, 'tasks']
  charged: Any
  back: Callable[[Array, Any], tuple[dict, Any]]


def rows(look: Look, static: Float[Array, 'tasks'], over: str) -> Any:
  """Each task's gradient, by what is compared: leaves `[K, ...]`."""
  free = jax.tree.map(jnp.zeros_like, look.charged)
  by_params, by_features = jax.vmap(lambda w: look.back(w, free))(
    jnp.diag(static)
  )
  return by_features if over == 'features' else schemes.split(by_params)[0]


def shared(look: Look, weights: Float[Array, 'tasks'], price: Any) -> dict:
  """The shared gradient of the weighted losses and the price."""
  return schemes.split(look.back(weights, price)[0])[0]


def private(look: Look, weights: Float[Array, 'tasks'], price: Any) -> dict:
  """The same, of what one task alone learns, or none."""
  return schemes.split(look.back(weights, price)[0])[1]


def modules(shared: dict) -> list[str]:
  """The stages that shared parameters are of, see `schemes.module_of`."""
  leaves = jax.tree_util.tree_leaves_with_path(shared)
  return sorted({schemes.module_of(path) for path, _ in leaves})


def by_module(rows: dict) -> Float[Array, 'modules tasks tasks']:
  """One Gram matrix for each of `modules`."""
  found = dict.fromkeys(modules(rows), 0)
  for path, leaf in jax.tree_util.tree_leaves_with_path(rows):
    found[schemes.module_of(path)] += balancers.gram(leaf)
  return jnp.stack(list(found.values()))


def weighted_by_module(
  weights: Float[Array, 'modules tasks'], rows: dict
) -> dict:
  """The sum of the tasks' gradients, each stage by its own weights."""
  names = modules(rows)

  def add(path, leaf):
    own = weights[names.index(schemes.module_of(path))]
    return jnp.tensordot(own, leaf, 1)

  return jax.tree_util.tree_map_with_path(add, rows)
