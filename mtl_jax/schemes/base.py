"""What sharing schemes are made of: towers on an axis, heads, a partition.

The name of a top-level submodule or parameter says who learns it: `shared...`
is reached by two or more task losses, `aux_...` by none, any other by exactly
one. A test proves it for every scheme from the Jacobian.
"""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Shaped

from mtl_jax import dense, layers


class Scheme(nn.Module):
  """Base of all schemes.

  Attributes:
    stages: the encoder, a tuple of module factories.
    heads: one module factory per task.
    mix: how the names of the top-level parameters that mix tasks begin
      (stitches, gates): they take the learning rate times `mix_lr` and no
      weight decay.
    separate: no task's loss reaches another's parameters, so each tower is
      clipped by its own norm and kept at its own best step. Private parameters
      are then stacked `[K, ...]`, but for `head_0`, `head_1`, ...
  """

  stages: tuple[Callable, ...]
  heads: tuple[Callable, ...]
  mix_lr: float = 1.0
  mix: ClassVar[tuple[str, ...]] = ()
  separate: ClassVar[bool] = False

  @property
  def num_tasks(self) -> int:
    return len(self.heads)

  def penalty(self, params: Any) -> Float[Array, '']:
    """Coupling between parameters; scaled by the traced `hp.penalty`."""
    del params
    return jnp.zeros(())

  def predict(self, features: Iterable) -> tuple[Array, ...]:
    """Each task's head on its features: K predictions `[B, num_outputs]`."""
    features = list(features)
    heads = [head(name=f'head_{t}') for t, head in enumerate(self.heads)]
    alike = all(type(head) is Head for head in heads)
    if alike and all(h is features[0] for h in features):
      return read_out(heads, features[0])
    return tuple(head(h) for head, h in zip(heads, features, strict=True))


class Encoder(nn.Module):
  """Stages one after the other."""

  stages: tuple[Callable, ...]

  @nn.compact
  def __call__(self, x, train):
    for i, stage in enumerate(self.stages):
      x = stage(name=f'stage_{i}')(x, train)
    return x


class Head(nn.Module):
  """A linear read-out of a feature vector, pooled first if it is none."""

  num_outputs: int

  @nn.compact
  def __call__(self, features, weights_only=False):
    return dense.Dense(self.num_outputs)(summary(features), weights_only)


def read_out(heads: list[Head], features: Any) -> tuple[Array, ...]:
  """What each head makes of the same features, in one product for all."""
  features = summary(features)
  weights = [head(features, weights_only=True) for head in heads]
  kernel, bias = (
    jnp.concatenate(w, axis=-1) for w in zip(*weights, strict=True)
  )
  together = dense.affine(features, kernel, bias)
  ends = np.cumsum([head.num_outputs for head in heads])
  return tuple(jnp.split(together, ends[:-1], axis=1))


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


def unstack(features: Any, n: int) -> list:
  """Features of n towers, one after the other."""
  leaves, structure = jax.tree.flatten(features)
  # One split: the gradient of n slices would be n padded arrays and their sum.
  parts = [lax.split(leaf, (1,) * n) for leaf in leaves]
  return [
    jax.tree.unflatten(structure, [part[i][0] for part in parts])
    for i in range(n)
  ]


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


def summary(features: Any) -> Float[Array, 'batch channels']:
  """One vector per row: the mean over image positions or unpadded words."""
  if isinstance(features, layers.Sequence):
    weights = features.mask[..., None].astype(features.values.dtype)
    total = (features.values * weights).sum(1)
    return total / jnp.maximum(weights.sum(1), 1)
  if features.ndim == 2:
    return features
  return features.mean(axis=tuple(range(1, features.ndim - 1)))


def split(params: dict) -> tuple[dict, dict]:
  """Cuts by top-level name: `(shared, task)`, the task part with `aux_`."""
  shared = {k: v for k, v in params.items() if k.startswith('shared')}
  return shared, {k: v for k, v in params.items() if k not in shared}


def weights(params: Any) -> list[Array]:
  """Kernels, embeddings and biases, without those of normalisation."""
  if not isinstance(params, dict):
    return [params]
  if 'scale' in params:
    return []
  return [w for part in params.values() for w in weights(part)]


def kernels(params: Any) -> list[Array]:
  """Kernels and embeddings, which are kernels of one-hot words; no biases."""
  leaves = jax.tree_util.tree_leaves_with_path(params)
  return [leaf for path, leaf in leaves if is_kernel(path)]


def is_kernel(path: tuple) -> bool:
  """Whether this path ends at a kernel or an embedding."""
  return str(path[-1].key).endswith(('kernel', 'embedding'))


def per_tower(tree: dict, values: Shaped[Array, 'groups']) -> dict:
  """Spreads one value per tower over `tree`, in shapes that broadcast.

  With one value the whole tree is one group. With K, `head_t` takes value t
  and any other leaf takes them along its tower axis 0.
  """

  def spread(path, leaf):
    name = path[0].key
    if len(values) == 1:
      return values[0]
    if name.startswith('head_'):
      return values[int(name.removeprefix('head_'))]
    return values.reshape(-1, *[1] * (leaf.ndim - 1))

  return jax.tree_util.tree_map_with_path(spread, tree)


def tower_norms(tree: dict, groups: int) -> Float[Array, 'groups']:
  """Euclidean norm of each tower's part of `tree`, see `per_tower`."""
  owners = per_tower(tree, jnp.arange(groups))

  def squares(leaf, owner):
    rows = leaf.reshape(owner.size, -1)
    sums = jnp.einsum('gn,gn->g', rows, rows, precision='highest')
    if owner.size == groups:
      return sums
    return jnp.zeros(groups).at[owner.reshape(-1)].add(sums)

  return jnp.sqrt(sum(jax.tree.leaves(jax.tree.map(squares, tree, owners))))
