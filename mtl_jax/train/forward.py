"""A batch through the scheme as in training: its losses and the way back."""

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
from mtl_jax.train.task_gradients import Look

Drawn = Array | noise.Draws  # a key, or those of masks and of all else
Kept = tuple[dict, dict]  # carried variables, and what the scheme tells


def looks(
  system: System, state: TrainState, batch: Split, key: Drawn
) -> tuple[list[Look], Split, Kept]:
  """At each batch of a step; the last is the one that is descended on.

  Returns:
    All looks, the last batch, and what it leaves.
  """
  *others, own = _parts(system, batch)
  key = noise.draws(key)
  keys = [key.fold_in(2 + i) for i in range(len(others))]
  found = [
    look(system, state, other, key)[0]
    for other, key in zip(others, keys, strict=True)
  ]
  last, kept = look(system, state, own, key)
  return [*found, last], own, kept


def _parts(system: System, batch: Split) -> list[Split]:
  if not system.batches:
    return [batch]
  leaves, tree = jax.tree.flatten(batch)
  return [jax.tree.unflatten(tree, part) for part in zip(*leaves, strict=True)]


def look(
  system: System, state: TrainState, batch: Split, key: Drawn
) -> tuple[Look, Kept]:
  """At one batch: losses, the way back, and what it leaves."""
  spots = _spots(system, state, batch, key)
  forward = functools.partial(losses, system, state, batch, key)
  (raw, charged), pullback, kept = jax.vjp(
    forward, state.params, spots, has_aux=True
  )
  return Look(raw, charged, _back(pullback)), kept


def _back(pullback: Callable) -> Callable:
  return lambda weights, price: pullback((weights, price))


def losses(
  system: System,
  state: TrainState,
  batch: Split,
  key: Drawn,
  params: dict,
  spots: Any = (),
) -> tuple[tuple[Array, Any], Kept]:
  """Raw losses `[K]` and the scheme's charge, or (), and what is left."""
  predictions, kept = apply(
    system, state, batch, key, params, spots, ['intermediates']
  )
  told = dict(kept.get('intermediates', {}))
  charged = told.pop('penalty', ())
  raw = task_losses(system.tasks, predictions, batch)
  return (raw, charged), ({k: kept[k] for k in state.extra}, told)


def apply(system, state, batch, key, params, spots, mutable):
  """Predictions, and the collections of `mutable`; `spots` are added."""
  now = {'step': state.step, 'steps': system.steps, 'mask': batch.mask}
  given = {'spots': spots} if spots else {}
  drawn = noise.draws(key)
  return precision.apply(
    system.scheme,
    system.compute,
    params,
    {**state.extra, 'now': now, **given},
    batch.inputs,
    True,
    rngs={
      'dropout': drawn.masks,
      'gates': jax.random.fold_in(drawn.others, 1),
    },
    mutable=[*state.extra, *mutable],
  )


def _spots(system, state, batch, key) -> Any:
  """Zeros that are added where the scheme marks features, if that is asked."""
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
