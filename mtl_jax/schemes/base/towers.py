"""Encoders mapped over a tower axis, and the features of towers."""

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from mtl_jax import layers

# An array [..., C], or one in a `layers.Sequence`, `Graph` or `Skips`.
Features = Any
MASKED = layers.Sequence | layers.Graph
BESIDE = MASKED | layers.Skips


class Encoder(nn.Module):
  """Applies the stages of an encoder in sequence.

  Attributes:
    stages: module factories.
  """

  stages: tuple[Callable, ...]

  @nn.compact
  def __call__(self, x, train):
    for i, stage in enumerate(self.stages):
      x = stage(name=f'stage_{i}')(x, train)
    return x


class Stack(nn.Module):
  """`size` encoders with stacked parameters, as a module to be stacked again.

  Attributes:
    stages: module factories.
    size: number of encoders.
  """

  stages: tuple[Callable, ...]
  size: int

  @nn.compact
  def __call__(self, x, train):
    return stack(Encoder(self.stages, name='encoders'), self.size, x, train)


def stack(
  module: nn.Module,
  n: int,
  x: Any,
  train: bool,
  in_axis: int | None = None,
  same_init: bool = False,
) -> Any:
  """Applies n towers: n copies of `module`, parameters stacked on axis 0.

  The collections `params` and `batch_stats` have one entry per tower, on axis
  0. Variables of any other collection cannot be created inside a tower.

  Args:
    module: one tower, `module(x, train)`.
    n: number of copies.
    x: one input for all (`in_axis=None`), or one for each on axis 0.
    train: whether this is a training step.
    in_axis: axis of `x` that is mapped over, or None.
    same_init: whether all copies start with the same parameters.

  Returns:
    The outputs on axis 0: `[n, B, ...]`.
  """
  towers = nn.vmap(
    lambda module, x: module(x, train),
    in_axes=in_axis,
    axis_size=n,
    variable_axes={'params': 0, 'batch_stats': 0},
    # Each tower has its own dropout masks, also with equal parameters.
    split_rngs={'params': not same_init, 'dropout': True},
  )
  return towers(module, x)


def per_task(module: nn.Module, n: int, x: Any, train: bool) -> Any:
  """Applies one module to n inputs, one for each task on axis 0.

  The parameters are shared, but each task has its own running statistics, so
  that the features of a task are normalized independently of the others.

  Args:
    module: `module(x, train)`.
    n: number of tasks.
    x: inputs, `[n, B, ...]`.
    train: whether this is a training step.

  Returns:
    The outputs on axis 0: `[n, B, ...]`.
  """
  runs = nn.vmap(
    lambda module, x: module(x, train),
    in_axes=0,
    axis_size=n,
    variable_axes={'params': None, 'batch_stats': 0},
    split_rngs={'params': False, 'dropout': True},
  )
  return runs(module, x)


def spread(features: Features, n: int) -> Features:
  """Broadcasts features to n tasks.

  Args:
    features: of one tower, `[B, ..., C]`.
    n: number of tasks.

  Returns:
    `[n, B, ..., C]`.
  """
  return jax.tree.map(
    lambda leaf: jnp.broadcast_to(leaf[None], (n, *leaf.shape)), features
  )


def swapped(features: Features) -> Features:
  """Exchanges the first two axes of features, both of towers."""
  return jax.tree.map(lambda leaf: jnp.swapaxes(leaf, 0, 1), features)


def unstack(features: Any, n: int) -> list:
  """Splits features of towers.

  Args:
    features: stacked on axis 0, `[n, B, ..., C]`.
    n: number of towers.

  Returns:
    A list of n features `[B, ..., C]`.
  """
  leaves, structure = jax.tree.flatten(features)
  # One split: the gradient of n slices would be a sum of n padded arrays.
  parts = [lax.split(leaf, (1,) * n) for leaf in leaves]
  return [
    jax.tree.unflatten(structure, [part[i][0] for part in parts])
    for i in range(n)
  ]


def values(features: Features) -> Any:
  """The array of features, without a padding mask, edges or skips."""
  return features.values if isinstance(features, BESIDE) else features


def channels(features: Features) -> int:
  """Number of channels: the size of the last axis."""
  return values(features).shape[-1]


def mix(function: Callable[[Array], Array], features: Any) -> Any:
  """Applies a function to features of towers; masks, edges and skips stay.

  All towers read the same rows, so their masks and edges are equal: the first
  are used for any number of outputs. Skips are of each tower.

  Args:
    function: from `[n, B, ..., C]` to `[m, B, ..., C']`.
    features: of n towers on axis 0.

  Returns:
    Features of m towers on axis 0.

  Raises:
    ValueError: other towers would have to read the skips of these.
  """
  if isinstance(features, layers.Skips):
    values = function(features.values)
    if features.skips and len(values) != len(features.values):
      raise ValueError(
        f'{len(features.values)} towers become {len(values)} before the '
        'decoder has read what the encoder kept for it; let them meet after '
        'the last stage (tower_from=-1, one level), or take hard or '
        'cross_stitch'
      )
    return layers.Skips(values, features.skips)
  if not isinstance(features, MASKED):
    return function(features)
  values, *beside = features
  values = function(values)
  first = jax.tree.map(lambda leaf: leaf[0], beside)
  return type(features)(values, *spread(first, len(values)))


def alter(function: Callable[[Array], Array], features: Features) -> Features:
  """Applies a function to features of one tower; what is beside them stays.

  Args:
    function: from `[B, ..., C]` to `[B, ..., C']`.
    features: of one tower.

  Returns:
    The new features.
  """
  if not isinstance(features, BESIDE):
    return function(features)
  return features._replace(values=function(features.values))


def summary(features: Features) -> Float[Array, 'batch channels']:
  """One vector per row: the mean over positions that are no padding."""
  if isinstance(features, MASKED):
    weights = features.mask[..., None].astype(features.values.dtype)
    total = (features.values * weights).sum(-2)
    return total / jnp.maximum(weights.sum(-2), 1)
  features = values(features)
  if features.ndim == 2:
    return features
  return features.mean(axis=tuple(range(1, features.ndim - 1)))


def is_raw(x: Any) -> bool:
  """Whether this is an input of pixels or words rather than of vectors.

  Several arrays side by side (columns, text, images) are no vector either.
  """
  if not hasattr(x, 'ndim'):
    return not isinstance(x, BESIDE)
  return not (x.ndim == 2 and jnp.issubdtype(x.dtype, jnp.floating))
