"""Deep multi-task representation learning: factorized weights of towers."""

import functools
import math
from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtl_jax.schemes import base
from mtl_jax.schemes.base import ranges


class Scheme(base.Scheme):
  """Yang and Hospedales, ICLR 2017, arXiv:1605.06391.

  Every kernel of every task's tower is composed of shared factors and a few
  numbers of the task's own. Biases and normalization are each task's own. The
  initialization is random, equivalent to towers that differ; the paper
  decomposes trained towers.

  Attributes:
    form: `last_axis`, a sum of `rank` kernels; `tucker`, a Tucker product; or
      `tensor_train`, a tensor train.
    rank: number of kernels of `last_axis` (0: K), or the largest rank of the
      other two (0: 64).
  """

  mix = ('own_factors',)
  form: str = 'last_axis'
  rank: int = 0

  def __post_init__(self):
    ranges.at_least(0, rank=self.rank)
    if self.form not in _FORMS:
      raise ValueError(f'form {self.form!r} is none of {", ".join(_FORMS)}')
    super().__post_init__()

  @nn.compact
  def __call__(self, x, train):
    for i, stage in enumerate(self.stages):
      x = self.run(i, stage(parent=None), x, train)
    return self.predict_stacked(x)

  def run(self, i: int, module: nn.Module, x: Any, train: bool) -> Any:
    """Applies K towers of one stage, with composed weights.

    Args:
      i: index of the stage.
      module: an unbound module of the stage.
      x: input, with axis 0 of towers unless this is the first stage.
      train: whether this is a training step.

    Returns:
      Features `[K, B, ..., C]`.
    """
    k, axis = self.num_tasks, 0 if i else None
    one = jax.tree.map(lambda leaf: leaf[0], x) if i else x
    started = self.started(module, one)
    params = self.weights(i, started['params'])
    stats = {c: tree for c, tree in started.items() if c == 'batch_stats'}
    if stats:
      # There are max(K, rank) draws, but only K towers have statistics.
      first = functools.partial(jax.tree.map, lambda leaf: leaf[:k], stats)
      held = self.variable('batch_stats', f'stage_{i}', first)
      stats = held.value
    draws = train and self.has_rng('dropout')
    keys = jax.random.split(self.make_rng('dropout'), k) if draws else None

    def tower(params, stats, x, key):
      rngs = {} if key is None else {'dropout': key}
      variables = {'params': params, **stats}
      return module.apply(variables, x, train, rngs=rngs, mutable=list(stats))

    x, new = jax.vmap(tower, (0, 0, axis, 0 if draws else None))(
      params, stats, x, keys
    )
    if new and train and not self.is_initializing():
      held.value = new
    return x

  def started(self, module: nn.Module, x: Any) -> Any:
    """Initial variables of a stage, drawn max(K, rank) times.

    Args:
      module: an unbound module of the stage.
      x: input of one tower.

    Returns:
      Variables with this number on axis 0; zeros unless this is initialization.
    """
    size = max(self.num_tasks, self.rank)

    def draw(key):
      keys = jax.random.split(key, size)
      return jax.vmap(lambda key: module.init(key, x, False))(keys)

    if self.is_initializing():
      return draw(self.make_rng('params'))
    # Parameters exist already: only the tree's structure is needed.
    shapes = jax.eval_shape(draw, jax.random.key(0))
    return jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), shapes)

  def weights(self, i: int, started: Any) -> Any:
    """Composes all towers' parameters of a stage.

    Args:
      i: index of the stage.
      started: initial parameters, drawn max(K, rank) times.

    Returns:
      A tree of leaves `[K, ...]`.
    """

    def make(path, drawn):
      name = '_'.join([str(i), *(p.key for p in path)])
      if not base.is_kernel(path):
        start = lambda _: drawn[: self.num_tasks]  # noqa: E731
        return self.param(f'own_{name}', start)

      def ask(kind, start, *shape):
        return self.param(f'{kind}_{name}', start, *shape)

      return _FORMS[self.form](ask, drawn, self.num_tasks, self.rank)

    return jax.tree_util.tree_map_with_path(make, started)


def _last_axis(ask: Callable, drawn: Array, k: int, rank: int) -> Array:
  """`W_t = sum_r S[t, r] L_r`."""
  rank = rank or k
  kernels = ask('shared_factors', lambda _: drawn[:rank])
  own = ask('own_factors', _apart, (k, rank))
  return jnp.einsum('tr,r...->t...', own, kernels)


def _tucker(ask: Callable, drawn: Array, k: int, rank: int) -> Array:
  """`W = S x_1 U_1 ... x_m U_m x_(m+1) U_T`."""
  shape = drawn.shape[1:]
  ranks = [min(d, rank or 64) for d in shape]

  def core(key, shape):  # All other factors have unit variance.
    scale = drawn.std() / math.sqrt(math.prod(ranks))
    return scale * jax.random.normal(key, shape)

  # The task axis is multiplied first and stays axis 0.
  product = ask('shared_core', core, (k, *ranks))
  product = jnp.tensordot(ask('own_factors', _apart, (k, k)), product, 1)
  for axis, (d, r) in enumerate(zip(shape, ranks, strict=True), start=1):
    start = nn.initializers.normal(1.0)
    factor = ask(f'shared_factor_{axis}', start, (d, r))
    moved = jnp.moveaxis(product, axis, -1) @ factor.T
    product = jnp.moveaxis(moved, -1, axis)
  return product


def _tensor_train(ask: Callable, drawn: Array, k: int, rank: int) -> Array:
  """`W[i_1, ..., i_m, t] = G_1[i_1] ... G_m[i_m] G_(m+1)[t]`."""
  shape, most = drawn.shape[1:], rank or 64
  before = [math.prod(shape[: i + 1]) for i in range(len(shape))]
  after = [math.prod(shape[i + 1 :]) * k for i in range(len(shape))]
  ranks = [min(most, a, b) for a, b in zip(before, after, strict=True)]

  def core(key, shape):  # So that the product has the variance drawn.
    total = drawn.std() / math.sqrt(math.prod(ranks[:-1]))
    return total ** (1 / len(ranks)) * jax.random.normal(key, shape)

  product = jnp.ones((1, 1))
  for axis, (d, r) in enumerate(zip(shape, ranks, strict=True), start=1):
    one = ask(f'shared_core_{axis}', core, (product.shape[-1], d, r))
    product = jnp.tensordot(product, one, 1).reshape(-1, r)
  own = ask('own_factors', _apart, (k, ranks[-1]))
  return (own @ product.T).reshape(k, *shape)


def _apart(key: Array, shape: tuple[int, int]) -> Float[Array, 'tasks rank']:
  """Initially a kernel for each task if there are enough, with small noise."""
  k, rank = shape
  if rank < k:
    return jax.random.normal(key, shape) / math.sqrt(rank)
  return jnp.eye(k, rank) + 0.01 * jax.random.normal(key, shape)


_FORMS = {
  'last_axis': _last_axis,
  'tucker': _tucker,
  'tensor_train': _tensor_train,
}
