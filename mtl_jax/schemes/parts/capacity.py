"""Encoders resized until a scheme has a wanted number of parameters."""

import functools
import math
from typing import Any

import jax

from mtl_jax.schemes import base

TRIES = 12  # halvings of the range of factors


def matched(scheme: base.Scheme, target: type, alike: type, x: Any) -> tuple:
  """The stages with which `alike` has the parameters that `target` has.

  Args:
    scheme: whose stages, heads and tasks both are made with.
    target: a class of schemes, given the encoder as it is.
    alike: another, given the encoder resized.
    x: a batch of inputs.

  Raises:
    ValueError: it is not known how this encoder is resized.
  """
  if scheme.resize is None:
    raise ValueError(
      'this scheme resizes its encoder, and the encoder does not name its '
      'WIDTHS; see mtl_jax/encoders/mlp.py'
    )
  shapes = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype), x)
  leaves, tree = jax.tree.flatten(shapes)
  given = scheme.stages, scheme.heads, scheme.resize
  return scheme.resize(_factor(*given, target, alike, tuple(leaves), tree))


@functools.lru_cache(maxsize=64)
def _factor(stages, heads, resize, target, alike, leaves, tree) -> float:
  x = jax.tree.unflatten(tree, leaves)
  wanted = parameters(target(stages, heads, parent=None), x)

  def excess(factor):
    return parameters(alike(resize(factor), heads, parent=None), x) - wanted

  low, high = 1 / len(heads), float(len(heads))
  tried = {1.0: excess(1.0)}
  for _ in range(TRIES):
    middle = math.sqrt(low * high)
    tried[middle] = excess(middle)
    low, high = (low, middle) if tried[middle] > 0 else (middle, high)
  return min(tried, key=lambda factor: abs(tried[factor]))


def parameters(scheme: base.Scheme, x: Any) -> int:
  """How many a scheme has for such inputs; nothing is computed."""
  # Shapes need no key that any parameter is drawn by.
  start = functools.partial(scheme.init, train=False)
  params = jax.eval_shape(start, jax.random.key(0), x)['params']
  return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(params))
