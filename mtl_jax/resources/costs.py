"""Parameters, operations and memory traffic of a function, from its jaxpr."""

import functools
import math
from collections.abc import Callable
from typing import Any

import jax

from mtl_jax.resources import jaxprs


def parameters(params: Any) -> int:
  """Returns the number of trainable parameters, summed over all leaves."""
  return sum(leaf.size for leaf in jax.tree.leaves(params))


def flops(function: Callable, *arguments: Any) -> int:
  """Counts the floating-point operations of one call.

  A multiply-add counts as two operations, any other operation as one per
  element of its result. The body of a scan counts once per iteration (XLA's
  own cost analysis counts it once).

  Args:
    function: function to trace; it is not compiled.
    *arguments: arrays or `jax.ShapeDtypeStruct`s.

  Returns:
    The number of operations.
  """
  return operations(jax.make_jaxpr(function)(*arguments))


def operations(jaxpr: Any) -> int:
  """Counts the floating-point operations of a jaxpr, like `flops`."""
  return _count(_operations, jaxprs.inner(jaxpr))


def traffic(function: Callable, *arguments: Any) -> int:
  """Counts the bytes that one call reads and writes without fusion.

  Loops count as in `flops`. The compiled program moves fewer bytes, since XLA
  fuses operations.

  Args:
    function: function to trace; it is not compiled.
    *arguments: arrays or `jax.ShapeDtypeStruct`s.

  Returns:
    The number of bytes.
  """
  return _count(_bytes, jax.make_jaxpr(function)(*arguments).jaxpr)


def _count(cost: Callable, jaxpr) -> int:
  return sum(map(functools.partial(_equation, cost), _used(jaxpr)))


def _used(jaxpr) -> list:
  """Equations whose results are used; a compiler removes all others."""
  read, used = set(map(id, jaxpr.outvars)), []
  for equation in reversed(jaxpr.eqns):
    if equation.effects or read & set(map(id, equation.outvars)):
      read |= set(map(id, equation.invars))
      used.append(equation)
  return used


def _equation(cost: Callable, equation) -> int:
  inner = [_count(cost, body) for body in jaxprs.bodies(equation)]
  name = equation.primitive.name
  if name == 'scan':
    return equation.params['length'] * sum(inner)
  if not inner:
    return cost(equation)
  if name != 'cond':
    return sum(inner)
  # Of `lax.platform_dependent` the default branch counts: the branch of a
  # platform may do redundant work, such as products with zeros.
  native = equation.params.get('branches_platforms')
  return inner[native.index(None)] if native else max(inner)


def _bytes(equation) -> int:
  """Of a slice or an update, only the elements read or written count."""
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
  itemsize = getattr(aval.dtype, 'itemsize', 0)  # PRNG keys have none
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
  """Number of products that are summed into one element of the output."""
  left, right = (v.aval.shape for v in equation.invars[:2])
  if equation.primitive.name == 'dot_general':
    contracted = equation.params['dimension_numbers'][0][0]
    return math.prod(left[axis] for axis in contracted)
  out_axis = equation.params['dimension_numbers'].rhs_spec[0]
  return math.prod(right) // right[out_axis]


_PRODUCTS = {'dot_general', 'conv_general_dilated'}

# Primitives that move no bytes; that read as many bytes as they write; that
# write as many bytes as the operand with this index has.
_FREE = {'reshape', 'squeeze', 'stop_gradient', 'bitcast_convert_type', 'iota'}
_PICKS = {'slice', 'dynamic_slice', 'gather'}
_REPLACES = {
  'dynamic_update_slice': 1,
  'scatter': 2,
  'scatter-add': 2,
  'scatter_add': 2,
}

# Primitives without arithmetic.
_MOVES = {
  'broadcast_in_dim', 'reshape', 'transpose', 'squeeze', 'concatenate',
  'slice', 'dynamic_slice', 'dynamic_update_slice', 'gather', 'scatter', 'pad',
  'rev', 'convert_element_type', 'bitcast_convert_type', 'iota', 'copy',
  'stop_gradient', 'split', 'random_bits', 'random_wrap', 'random_unwrap',
  'random_fold_in', 'random_split', 'threefry2x32', 'platform_index',
}  # fmt: skip
