"""Resizes an encoder until a scheme has a given number of parameters."""

import functools
import math
from typing import Any

import jax

from mtl_jax.schemes import base

TRIES = 12  # bisections of the range of factors


def matched(scheme: base.Scheme, target: type, alike: type, x: Any) -> tuple:
  """Stages with which one scheme has as many parameters as another.

  Args:
    scheme: its stages, heads and `resize` are used for both schemes.
    target: class of the scheme whose number of parameters is to be matched; it
      has the encoder as it is.
    alike: class of the scheme whose encoder is resized.
    x: a batch of inputs; only shapes and dtypes are used.

  Returns:
    The resized stages.

  Raises:
    ValueError: the encoder does not declare its `WIDTHS`.
  """
  if scheme.resize is None:
    raise ValueError(
      'this scheme resizes its encoder, and the encoder does not declare '
      'its WIDTHS; see mtl_jax/encoders/mlp.py'
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
  # Widths are rounded, so the count is a step function of the factor: bisect,
  # and take the best of all factors tried.
  for _ in range(TRIES):
    middle = math.sqrt(low * high)
    tried[middle] = excess(middle)
    low, high = (low, middle) if tried[middle] > 0 else (middle, high)
  return min(tried, key=lambda factor: abs(tried[factor]))


def parameters(scheme: base.Scheme, x: Any) -> int:
  """Counts the parameters of a scheme, without computing them.

  Args:
    scheme: an unbound scheme.
    x: inputs, or their shapes and dtypes.

  Returns:
    The number of parameters.
  """
  # Any key will do: only shapes are evaluated.
  start = functools.partial(scheme.init, train=False)
  params = jax.eval_shape(start, jax.random.key(0), x)['params']
  return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(params))
