"""What a step costs: parameters, operations and memory traffic, by reading."""

import functools
import math
from collections.abc import Callable
from typing import Any

import jax


def parameters(params: Any) -> int:
  """How many numbers are learned."""
  return sum(leaf.size for leaf in jax.tree.leaves(params))


def flops(function: Callable, *arguments: Any) -> int:
  """Floating-point operations of one call, read off its jaxpr.

  A multiply-add is two, any other operation one per number that it makes; the
  body of a loop of known length counts as often as it runs (XLA's own cost
  analysis counts it once).
  """
  return operations(jax.make_jaxpr(function)(*arguments))


def operations(jaxpr: Any) -> int:
  """The same, of a jaxpr."""
  return _count(_operations, _open(jaxpr))


def traffic(function: Callable, *arguments: Any) -> int:
  """Bytes that one call reads and writes, every operation from memory.

  Loops count as in `flops`. XLA fuses operations, so that less moves.
  """
  return _count(_bytes, jax.make_jaxpr(function)(*arguments).jaxpr)


def _count(cost: Callable, jaxpr) -> int:
  return sum(map(functools.partial(_equation, cost), _used(jaxpr)))


def _used(jaxpr) -> list:
  """Equations whose results are read: a compiler leaves out all others."""
  read, used = set(map(id, jaxpr.outvars)), []
  for equation in reversed(jaxpr.eqns):
    if equation.effects or read & set(map(id, equation.outvars)):
      read |= set(map(id, equation.invars))
      used.append(equation)
  return used


def _equation(cost: Callable, equation) -> int:
  inner = [_count(cost, _open(j)) for j in _bodies(equation.params)]
  name = equation.primitive.name
  if name == 'scan':
    return equation.params['length'] * sum(inner)
  if not inner:
    return cost(equation)
  if name != 'cond':
    return sum(inner)
  # What differs by platform is counted as it is defined: a platform's own way
  # may multiply zeros.
  native = equation.params.get('branches_platforms')
  return inner[native.index(None)] if native else max(inner)


def _bytes(equation) -> int:
  """A part that is picked or replaced is all that is touched."""
  name = equation.primitive.name
  sizes = [_size(v.aval) for v in equation.invars]
  made = sum(_size(v.aval) for v in equation.outvars)
  if name in _FREE:
    return 0
  if name in _PICKS:
    return 2 * made
  if name in _REPLACES:
    return 2 * sizes[_REPLACES[name]]
  return sum(sizes) + made


def _size(aval) -> int:
  itemsize = getattr(aval.dtype, 'itemsize', 0)  # of keys there is none
  return math.prod(aval.shape) * itemsize


def _operations(equation) -> int:
  name = equation.primitive.name
  made = sum(math.prod(v.aval.shape) for v in equation.outvars)
  return (
    2 * made * _terms(equation)
    if name in _PRODUCTS
    else (0 if name in _MOVES else made)
  )


def _terms(equation) -> int:
  """Products that are added up into one number of the output."""
  left, right = (v.aval.shape for v in equation.invars[:2])
  if equation.primitive.name == 'dot_general':
    contracted = equation.params['dimension_numbers'][0][0]
    return math.prod(left[axis] for axis in contracted)
  out_axis = equation.params['dimension_numbers'].rhs_spec[0]
  return math.prod(right) // right[out_axis]


def _bodies(params: dict) -> list:
  """The jaxprs inside an equation: bodies of loops, branches and calls."""
  values = []
  for value in params.values():
    values.extend(value if isinstance(value, tuple | list) else [value])
  return [v for v in values if hasattr(_open(v), 'eqns')]


def _open(jaxpr):
  return getattr(jaxpr, 'jaxpr', jaxpr)


_PRODUCTS = {'dot_general', 'conv_general_dilated'}

# What makes no bytes; what reads as much as it makes; what writes as much as
# the operand of this number.
_FREE = {'reshape', 'squeeze', 'stop_gradient', 'bitcast_convert_type', 'iota'}
_PICKS = {'slice', 'dynamic_slice', 'gather'}
_REPLACES = {
  'dynamic_update_slice': 1,
  'scatter': 2,
  'scatter-add': 2,
  'scatter_add': 2,
}

# What only moves, reads or names numbers does no arithmetic.
_MOVES = {
  'broadcast_in_dim', 'reshape', 'transpose', 'squeeze', 'concatenate',
  'slice', 'dynamic_slice', 'dynamic_update_slice', 'gather', 'scatter', 'pad',
  'rev', 'convert_element_type', 'bitcast_convert_type', 'iota', 'copy',
  'stop_gradient', 'split', 'random_bits', 'random_wrap', 'random_unwrap',
  'random_fold_in', 'random_split', 'threefry2x32', 'platform_index',
}  # fmt: skip
