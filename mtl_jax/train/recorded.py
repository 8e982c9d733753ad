"""A function that is traced once and called from several programs."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
from jax.extend.core import jaxpr_as_fun


class Recorded(NamedTuple):
  """A traced function. Calling it does not run its Python code again.

  Attributes:
    jaxpr: a closed jaxpr of flat arguments and results.
    shapes: shapes of the results, as a pytree with their structure.
  """

  jaxpr: Any
  shapes: Any

  def __call__(self, *arguments: Any) -> Any:
    leaves = jaxpr_as_fun(self.jaxpr)(*jax.tree.leaves(arguments))
    return jax.tree.unflatten(jax.tree.structure(self.shapes), leaves)


def record(function: Callable, *arguments: Any) -> Recorded:
  """Traces a function.

  Args:
    function: of pytrees of arrays.
    *arguments: arrays, or `jax.ShapeDtypeStruct` in their place.

  Returns:
    The trace; it accepts arguments of these shapes alone.
  """
  jaxpr, shapes = jax.make_jaxpr(function, return_shape=True)(*arguments)
  return Recorded(jaxpr, shapes)
