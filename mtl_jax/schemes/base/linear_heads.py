"""Linear task heads, evaluated as one matrix product for all tasks."""

import functools
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import flax
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mtl_jax.data.stacked import Columns, permuted
from mtl_jax.layers import dense
from mtl_jax.schemes.base.heads import Stack
from mtl_jax.schemes.base.towers import summary


class Head(nn.Module):
  """A linear layer on a feature vector; other features are pooled first.

  Attributes:
    num_outputs: number of outputs of the task.
  """

  num_outputs: int

  @nn.compact
  def __call__(self, features, weights_only=False):
    return dense.Dense(self.num_outputs)(summary(features), weights_only)


def linear(heads: Sequence[Callable]) -> bool:
  """Whether all of these factories make a plain `Head`."""
  return all(
    isinstance(head, functools.partial)
    and head.func is Head
    and (len(head.args), len(head.keywords)) == (1, 0)
    for head in heads
  )


def read_out(
  stacks: Sequence[Stack], rows: Float[Array, 'batch channels']
) -> Columns:
  """Applies linear heads to features that all tasks share.

  Args:
    stacks: weights of all heads.
    rows: the features, one vector per row.

  Returns:
    Predictions of each head, from one matrix product for all.
  """
  parts = []
  with jax.named_scope('heads'):
    # Heads with different numbers of outputs are columns of one kernel.
    kernels, biases = zip(*map(_weights, stacks), strict=True)
    wide = [kernel.swapaxes(0, 1) for kernel in kernels]  # [C, heads, outputs]
    flat = [kernel.reshape(kernel.shape[0], -1) for kernel in wide]
    together = dense.affine(
      rows,
      jnp.concatenate(flat, 1) if len(flat) > 1 else flat[0],
      jnp.concatenate([bias.reshape(-1) for bias in biases]),
    )
    ends = np.cumsum([bias.size for bias in biases])[:-1]
    for own, bias in zip(jnp.split(together, ends, 1), biases, strict=True):
      parts.append(own.reshape(-1, *bias.shape))
  return _columns(stacks, parts)


def read_out_each(
  stacks: Sequence[Stack], rows: Float[Array, 'tasks batch channels']
) -> Columns:
  """Applies each linear head to features of its own task.

  Args:
    stacks: weights of all heads.
    rows: the features of each task.

  Returns:
    Predictions of each head, from one matrix product per number of outputs.
  """
  with jax.named_scope('heads'):
    order = tuple(t for stack in stacks for t in stack.members)
    sizes = [len(stack.members) for stack in stacks]
    own = jnp.split(permuted(rows, order, 0), np.cumsum(sizes)[:-1], 0)
    parts = [
      jax.vmap(dense.affine)(rows, *_weights(stack)).swapaxes(0, 1)
      for rows, stack in zip(own, stacks, strict=True)
    ]
  return _columns(stacks, parts)


def of_modules(heads: Sequence[Head], rows: Array) -> list[Stack]:
  """Stacks the weights of head modules.

  Args:
    heads: modules, one per task, each with parameters under its own name.
    rows: features, `[B, C]` or `[K, B, C]`; only the shape is used.

  Returns:
    One stack per number of outputs.
  """
  alike: dict[int, list[int]] = {}
  for t, head in enumerate(heads):
    alike.setdefault(head.num_outputs, []).append(t)
  own = rows if rows.ndim == 2 else rows[0]
  stacks = []
  for members in alike.values():
    weights = [heads[t](own, weights_only=True) for t in members]
    kernel, bias = (jnp.stack(w) for w in zip(*weights, strict=True))
    leaves = {'Dense_0': {'kernel': kernel, 'bias': bias}}
    stacks.append(Stack(tuple(members), leaves))
  return stacks


def drawn(key: Any, heads: Sequence[Callable], channels: int) -> list[Stack]:
  """Initial weights of all heads, equal to those of separate modules.

  Args:
    key: Flax's key of the scheme, into which it folds a module's path.
    heads: factories that are `linear`, one per task.
    channels: number of channels of the features.

  Returns:
    One stack per number of outputs.
  """
  alike: dict[int, list[int]] = {}
  for t, head in enumerate(heads):
    alike.setdefault(head.args[0], []).append(t)
  stacks = []
  for outputs, members in alike.items():
    # Paths as Flax counts them: the first draw of the head's dense layer.
    paths = [(*key.suffix, f'head_{t}', 'Dense_0', 1) for t in members]
    numbers = np.array([_folded(path) for path in paths], np.uint32)
    keys = jax.vmap(jax.random.fold_in, (None, 0))(key.rng, numbers)
    draw = functools.partial(dense.START, shape=(channels, outputs))
    kernel = jax.vmap(draw)(keys)
    bias = jnp.zeros((len(members), outputs))
    leaves = {'Dense_0': {'kernel': kernel, 'bias': bias}}
    stacks.append(Stack(tuple(members), leaves))
  return stacks


def _folded(path: tuple[str | int, ...]) -> int:
  """The number that Flax folds into a key for a path; a test compares."""
  digest = hashlib.sha1(usedforsecurity=False)
  for part in path:
    if flax.config.flax_fix_rng_separator:
      digest.update(b'\00')
    if isinstance(part, str):
      digest.update(part.encode())
    else:
      digest.update(part.to_bytes((part.bit_length() + 7) // 8, 'big'))
  return int.from_bytes(digest.digest()[:4], 'big')


def _weights(stack: Stack) -> tuple[Array, Array]:
  """Kernels `[heads, C, outputs]` and biases `[heads, outputs]`."""
  own = stack.leaves['Dense_0']
  return own['kernel'], own['bias']


def _columns(stacks: Sequence[Stack], parts: list[Array]) -> Columns:
  numbers = tuple(stack.members for stack in stacks)
  return Columns(tuple(parts), numbers, (1,) * len(parts))
