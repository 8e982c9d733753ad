"""A function as it was traced once, to be used wherever it is traced again."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
from jax.extend.core import jaxpr_as_fun


class Recorded(NamedTuple):
  """Called, it repeats operations; the Python behind them does not run again.

  Attributes:
    jaxpr: closed, of flat arguments and results.
    shapes: of the results, in their structure.
  """

  jaxpr: Any
  shapes: Any

  def __call__(self, *arguments: Any) -> Any:
    found = jaxpr_as_fun(self.jaxpr)(*jax.tree.leaves(arguments))
    return jax.tree.unflatten(jax.tree.structure(self.shapes), found)


def record(function: Callable, *arguments: Any) -> Recorded:
  """Traces `function` for arguments, arrays or shapes of them."""
  made = jax.make_jaxpr(function, return_shape=True)(*arguments)
  return Recorded(*made)
