"""A model made linear in its parameters, along few random directions."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float


class Linear(NamedTuple):
  """Predictions as a linear function of a point in few directions.

  Attributes:
    predictions: at the origin, a pytree.
    slopes: by each direction, the same pytree with leaves `[D, ...]`.
  """

  predictions: Any
  slopes: Any

  def at(self, point: Float[Array, 'directions']) -> Any:
    """The predictions at a point."""
    return jax.tree.map(
      lambda f, j: f + jnp.tensordot(point, j, 1), self.predictions, self.slopes
    )


def project(function: Callable, params: Any, key: Array, count: int) -> Linear:
  """Linearises a function of parameters in random directions.

  The gradient of each prediction, projected on a direction, is how fast the
  prediction changes along it, which is one pass for all rows and outputs. No
  gradient of a single row is formed.

  Args:
    function: of the parameters.
    params: where.
    key: for the directions, of independent standard normal numbers.
    count: number of directions, D.

  Returns:
    The function near `params`.
  """
  predictions, pullback = jax.vjp(function, params)

  def slope(key):
    direction = _normal(key, params)
    # The transpose of the pullback: layers have rules in reverse mode alone.
    _, forward = jax.vjp(pullback, jax.tree.map(jnp.zeros_like, predictions))
    (change,) = forward((direction,))
    return change

  # One at a time: D copies of the parameters may be too much.
  return Linear(predictions, lax.map(slope, jax.random.split(key, count)))


def _normal(key: Array, tree: Any) -> Any:
  leaves, structure = jax.tree.flatten(tree)
  keys = jax.random.split(key, len(leaves))
  drawn = [
    jax.random.normal(k, x.shape, x.dtype)
    for k, x in zip(keys, leaves, strict=True)
  ]
  return jax.tree.unflatten(structure, drawn)
