"""Reading jaxprs: what is inside the equations of a traced function."""

from collections.abc import Iterable, Iterator
from typing import Any


def inner(jaxpr: Any) -> Any:
  """Returns the `Jaxpr` of a `ClosedJaxpr`, and any other value unchanged."""
  return getattr(jaxpr, 'jaxpr', jaxpr)


def bodies(equation: Any) -> list:
  """Returns the jaxprs inside an equation.

  These are the body of a call or a scan, the condition and the body of a while
  loop, and the branches of a cond, in the order of the equation's parameters.
  """
  return [
    inner(value)
    for value in _flat(equation.params.values())
    if hasattr(inner(value), 'eqns')
  ]


def _flat(values: Iterable) -> Iterator:
  """The branches of a cond are a tuple; other parameters are values."""
  for value in values:
    yield from value if isinstance(value, tuple | list) else (value,)
