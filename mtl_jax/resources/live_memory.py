"""Predicts the peak memory of a function from its jaxpr, without compiling."""

import math
from typing import Any

import jax
import numpy as np

from mtl_jax.resources import jaxprs


def size(tree: Any) -> int:
  """Returns the bytes of a tree of arrays or `jax.ShapeDtypeStruct`s."""
  return sum(_bytes(leaf) for leaf in jax.tree.leaves(tree))


def peak(function: Any, *arguments: Any) -> int:
  """Predicts the peak memory of one call, without its arguments.

  Args:
    function: function to trace; it is not compiled.
    *arguments: arrays or `jax.ShapeDtypeStruct`s.

  Returns:
    The largest number of bytes of results and intermediate values that exist
    at the same time.
  """
  return live(jax.make_jaxpr(function)(*arguments).jaxpr)


def live(jaxpr: Any, in_place: int = 0) -> int:
  """Predicts the peak memory of a jaxpr, without its arguments.

  A value takes memory from the equation that computes it to the last one that
  uses it. Fusion is ignored, except that broadcasts and reshapes are free.

  Args:
    jaxpr: jaxpr, closed or not.
    in_place: number of leading results that reuse the memory of arguments.

  Returns:
    The largest number of bytes that are alive at the same time.
  """
  jaxpr = jaxprs.inner(jaxpr)
  last = _last_uses(jaxpr)
  alive: dict[Any, int] = dict.fromkeys(_variables(jaxpr.outvars[:in_place]), 0)
  now = most = 0
  for i, equation in enumerate(jaxpr.eqns):
    made = {v: _made(equation, v) for v in equation.outvars if v not in alive}
    alive |= made
    now += sum(made.values())
    most = max(most, now + _inside(equation))
    for var in [v for v in alive if last.get(v, -1) <= i]:
      now -= alive.pop(var)
  return most


def _last_uses(jaxpr: Any) -> dict[Any, int]:
  """Index of the last equation that uses each variable."""
  last = {}
  for i, equation in enumerate(jaxpr.eqns):
    last |= dict.fromkeys(_variables(equation.invars), i)
  return last | dict.fromkeys(_variables(jaxpr.outvars), len(jaxpr.eqns))


def _variables(atoms: Any) -> list:
  return [a for a in atoms if not hasattr(a, 'val')]  # no literals


def _made(equation: Any, variable: Any) -> int:
  free = equation.primitive.name in _FREE
  return 0 if free else _bytes(variable.aval)


def _inside(equation: Any) -> int:
  """Peak memory inside a loop, branch or call, besides its results."""
  inside = max(map(live, jaxprs.bodies(equation)), default=0)
  if equation.primitive.name in ('scan', 'while', 'cond'):
    return inside
  # The results of a call are the results of its body.
  return max(0, inside - sum(_bytes(v.aval) for v in equation.outvars))


def _bytes(value: Any) -> int:
  shape, dtype = getattr(value, 'shape', ()), getattr(value, 'dtype', None)
  if dtype is None:
    return 0
  # numpy does not know the dtype of PRNG keys; a key is two 32-bit words.
  width = np.dtype(dtype).itemsize if not _is_key(dtype) else 8
  return math.prod(shape) * width


def _is_key(dtype: Any) -> bool:
  return jax.dtypes.issubdtype(dtype, jax.dtypes.prng_key)


# Primitives that XLA fuses into their users, or that only rename a value.
_FREE = {
  'broadcast_in_dim', 'iota', 'reshape', 'squeeze', 'expand_dims', 'copy',
  'stop_gradient', 'random_wrap', 'random_unwrap',
}  # fmt: skip
