"""Forward pass of a batch in training mode: its losses and their pullback."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array

from mtl_jax.data.base import Split
from mtl_jax.train import freezing, noise, precision
from mtl_jax.train.losses import task_losses
from mtl_jax.train.state import System, TrainState
from mtl_jax.train.task_gradients import ForwardPass

Keys = Array | noise.Draws  # one key, or one for masks and one for all else
# The updated mutable collections (such as running statistics), and the scheme's
# readings by name.
Updates = tuple[dict, dict]


class Point(NamedTuple):
  """Where the losses of a model are evaluated.

  Attributes:
    system: what is compiled.
    state: of the run; gives the step, the mutable collections and, where no
      other ones are given, the parameters as a tree (see `TrainState.opened`).
    batch: `B` rows.
    key: for dropout and gates.
  """

  system: System
  state: TrainState
  batch: Split
  key: Keys


def forward_pass(point: Point) -> tuple[ForwardPass, Updates]:
  """Evaluates one batch and returns its losses with their pullback.

  Args:
    point: where; its state gives the parameters.

  Returns:
    The forward pass, and the updated collections and readings.

  Raises:
    ValueError: `system.gram_over` is 'features' and the scheme marks none.
  """
  (raw, penalty), pullback, updates = jax.vjp(
    functools.partial(losses, point),
    point.state.params,
    _feature_offsets(point),
    has_aux=True,
  )
  return ForwardPass(raw, penalty, _of_two(pullback)), updates


def _of_two(pullback: Callable) -> Callable:
  return lambda weights, penalty_weight: pullback((weights, penalty_weight))


def losses(
  point: Point, params: dict, offsets: Any = ()
) -> tuple[tuple[Array, Any], Updates]:
  """Losses of a batch as a function of parameters, for differentiation.

  Args:
    point: all but the parameters.
    params: the parameter tree at which to evaluate.
    offsets: zeros added to the marked features, see `Scheme.last_shared`; the
      gradient by them is the gradient by the features.

  Returns:
    `((losses [K], penalty), updates)`; the penalty is the scheme's auxiliary
    loss on this batch, or `()`.
  """
  params = freezing.stopped(point.system.frozen, params)
  predictions, collections = apply(point, params, offsets, ['intermediates'])
  readings = dict(collections.get('intermediates', {}))
  penalty = readings.pop('penalty', ())
  raw = task_losses(point.system.tasks, predictions, point.batch)
  extra = {name: collections[name] for name in point.state.extra}
  return (raw, penalty), (extra, readings)


def apply(
  point: Point, params: dict, offsets: Any, mutable: list[str]
) -> tuple[Any, dict]:
  """Applies the scheme in training mode.

  Args:
    point: all but the parameters.
    params: the parameter tree.
    offsets: added to the marked features, or `()`.
    mutable: collections to return besides those of `state.extra`.

  Returns:
    Each task's predictions, and the mutable collections.
  """
  system, state, batch, key = point
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


def _feature_offsets(point: Point) -> Any:
  """Zeros in the shapes of the marked features where `gram_over` needs them."""
  system = point.system
  if not (system.balancer.needs_gram and system.gram_over == 'features'):
    return ()

  def marked(params):
    return apply(point, params, (), ['spots'])[1]

  shapes = jax.eval_shape(marked, point.state.params).get('spots')
  if shapes is None:
    raise ValueError(
      'it does not call `last_shared`, which config.gram_over=features needs; '
      'set config.gram_over=shared or module'
    )
  return jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes)
