"""Encoders run as towers on an axis, and features of towers."""

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from mtl_jax import layers

Features = Any  # an array [..., C], or a `layers.Sequence` of them


class Encoder(nn.Module):
  """Stages one after the other."""

  stages: tuple[Callable, ...]

  @nn.compact
  def __call__(self, x, train):
    for i, stage in enumerate(self.stages):
      x = stage(name=f'stage_{i}')(x, train)
    return x


class Stack(nn.Module):
  """`size` encoders side by side, as one module: to be stacked again."""

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
  """Runs n towers: n copies of `module`, parameters stacked on axis 0.

  Args:
    module: one tower, `module(x, train)`.
    n: how many copies.
    x: one input for all (`in_axis=None`), or one for each on axis 0.
    same_init: start all copies at the same parameters.

  Returns:
    The outputs on axis 0: `[n, B, ...]`.
  """
  towers = nn.vmap(
    lambda module, x: module(x, train),
    in_axes=in_axis,
    axis_size=n,
    variable_axes={'params': 0, 'batch_stats': 0},
    split_rngs={'params': not same_init, 'dropout': True},
  )
  return towers(module, x)


def per_task(module: nn.Module, n: int, x: Any, train: bool) -> Any:
  """Runs one module on n inputs, one for each task on axis 0.

  All have the same parameters, but each its own running statistics: what one
  task's features are normalised by is none of the others'.
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
  """The same features for n tasks, on a new axis 0."""
  return jax.tree.map(
    lambda leaf: jnp.broadcast_to(leaf[None], (n, *leaf.shape)), features
  )


def swapped(features: Features) -> Features:
  """Features `[a, b, ...]` with these two axes of towers exchanged."""
  return jax.tree.map(lambda leaf: jnp.swapaxes(leaf, 0, 1), features)


def unstack(features: Any, n: int) -> list:
  """Features of n towers, one after the other."""
  leaves, structure = jax.tree.flatten(features)
  # One split: the gradient of n slices would be n padded arrays and their sum.
  parts = [lax.split(leaf, (1,) * n) for leaf in leaves]
  return [
    jax.tree.unflatten(structure, [part[i][0] for part in parts])
    for i in range(n)
  ]


def values(features: Features) -> Any:
  """The numbers alone, without a padding mask."""
  is_sequence = isinstance(features, layers.Sequence)
  return features.values if is_sequence else features


def channels(features: Features) -> int:
  """How many numbers stand at each position."""
  return values(features).shape[-1]


def mix(function: Callable[[Array], Array], features: Any) -> Any:
  """Applies `function` to features of towers; their padding mask stays.

  All towers read the same rows, so their masks are alike: the first serves
  however many features come out.
  """
  if not isinstance(features, layers.Sequence):
    return function(features)
  values = function(features.values)
  mask = jnp.broadcast_to(features.mask[:1], values.shape[:-1])
  return layers.Sequence(values, mask)


def alter(function: Callable[[Array], Array], features: Features) -> Features:
  """Applies `function` to one tower's features; their padding mask stays."""
  if not isinstance(features, layers.Sequence):
    return function(features)
  return layers.Sequence(function(features.values), features.mask)


def summary(features: Features) -> Float[Array, 'batch channels']:
  """One vector per row: the mean over image positions or unpadded words."""
  if isinstance(features, layers.Sequence):
    weights = features.mask[..., None].astype(features.values.dtype)
    total = (features.values * weights).sum(-2)
    return total / jnp.maximum(weights.sum(-2), 1)
  if features.ndim == 2:
    return features
  return features.mean(axis=tuple(range(1, features.ndim - 1)))


def is_raw(x: Any) -> bool:
  """Whether these are pixels or words, which no encoder stage has read."""
  return not (x.ndim == 2 and jnp.issubdtype(x.dtype, jnp.floating))
