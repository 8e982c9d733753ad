"""Forward pass of a batch in training mode: its losses and their pullback."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

from mtl_jax.data.base import Split
from mtl_jax.train import noise, precision
from mtl_jax.train.losses import task_losses
from mtl_jax.train.state import System, TrainState
from mtl_jax.train.task_gradients import ForwardPass

Keys = Array | noise.Draws  # one key, or one for masks and one for all else
# The updated mutable collections (such as running statistics), and the scheme's
# readings by name.
Updates = tuple[dict, dict]


def forward_passes(
  system: System, state: TrainState, batch: Split, key: Keys
) -> tuple[list[ForwardPass], Split, Updates]:
  """Evaluates every batch of a step.

  Args:
    system: what is compiled.
    state: with parameters as a tree, see `TrainState.opened`.
    batch: one batch, or several on a leading axis, see `System.batches`.
    key: of the step.

  Returns:
    The forward pass of each batch; the last batch, whose losses are descended
    on; and its updates. Those of the other batches are dropped.
  """
  *others, last_batch = _unstack(system, batch)
  key = noise.draws(key)
  # 1 is the number of the gates' key, see `apply`.
  keys = [key.fold_in(2 + i) for i in range(len(others))]
  passes = [
    forward_pass(system, state, other, key)[0]
    for other, key in zip(others, keys, strict=True)
  ]
  last, updates = forward_pass(system, state, last_batch, key)
  return [*passes, last], last_batch, updates


def _unstack(system: System, batch: Split) -> list[Split]:
  if not system.batches:
    return [batch]
  leaves, tree = jax.tree.flatten(batch)
  return [jax.tree.unflatten(tree, part) for part in zip(*leaves, strict=True)]


def forward_pass(
  system: System, state: TrainState, batch: Split, key: Keys
) -> tuple[ForwardPass, Updates]:
  """Evaluates one batch and returns its losses with their pullback.

  Args:
    system: what is compiled.
    state: with parameters as a tree, see `TrainState.opened`.
    batch: `B` rows.
    key: for dropout and gates.

  Returns:
    The forward pass, and the updated collections and readings.

  Raises:
    ValueError: `system.gram_over` is 'features' and the scheme marks none.
  """
  offsets = _feature_offsets(system, state, batch, key)
  evaluate = functools.partial(losses, system, state, batch, key)
  (raw, penalty), pullback, updates = jax.vjp(
    evaluate, state.params, offsets, has_aux=True
  )
  return ForwardPass(raw, penalty, _of_two(pullback)), updates


def _of_two(pullback: Callable) -> Callable:
  return lambda weights, penalty_weight: pullback((weights, penalty_weight))


def losses(
  system: System,
  state: TrainState,
  batch: Split,
  key: Keys,
  params: dict,
  offsets: Any = (),
) -> tuple[tuple[Array, Any], Updates]:
  """Losses of a batch as a function of parameters, for differentiation.

  Args:
    system: what is compiled.
    state: gives the step and the mutable collections; its parameters are not
      used.
    batch: `B` rows.
    key: for dropout and gates.
    params: the parameter tree at which to evaluate.
    offsets: zeros added to the marked features, see `Scheme.last_shared`; the
      gradient by them is the gradient by the features.

  Returns:
    `((losses [K], penalty), updates)`; the penalty is the scheme's auxiliary
    loss on this batch, or `()`.
  """
  predictions, collections = apply(
    system, state, batch, key, params, offsets, ['intermediates']
  )
  readings = dict(collections.get('intermediates', {}))
  penalty = readings.pop('penalty', ())
  raw = task_losses(system.tasks, predictions, batch)
  extra = {name: collections[name] for name in state.extra}
  return (raw, penalty), (extra, readings)


def apply(
  system: System,
  state: TrainState,
  batch: Split,
  key: Keys,
  params: dict,
  offsets: Any,
  mutable: list[str],
) -> tuple[Any, dict]:
  """Applies the scheme in training mode.

  Args:
    system: what is compiled.
    state: gives the step and the mutable collections.
    batch: `B` rows.
    key: for dropout and gates.
    params: the parameter tree.
    offsets: added to the marked features, or `()`.
    mutable: collections to return besides those of `state.extra`.

  Returns:
    Each task's predictions, and the mutable collections.
  """
  now = {'step': state.step, 'steps': system.steps, 'mask': batch.mask}
  spots = {'spots': offsets} if offsets else {}
  keys = noise.draws(key)
  return precision.apply(
    system.scheme,
    system.compute,
    params,
    {**state.extra, 'now': now, **spots},
    batch.inputs,
    True,
    rngs={
      'dropout': keys.masks,
      'gates': jax.random.fold_in(keys.others, 1),
    },
    mutable=[*state.extra, *mutable],
  )


def _feature_offsets(system, state, batch, key) -> Any:
  """Zeros in the shapes of the marked features where `gram_over` needs them."""
  if not (system.balancer.needs_gram and system.gram_over == 'features'):
    return ()

  def marked(params):
    return apply(system, state, batch, key, params, (), ['spots'])[1]

  shapes = jax.eval_shape(marked, state.params).get('spots')
  if shapes is None:
    raise ValueError(
      'it marks no features behind which nothing is shared; set '
      'config.gram_over=shared, or module'
    )
  return jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes)
