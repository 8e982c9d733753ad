"""What tasks do to each other at one point of a run, on a few batches.

Gradients are raw: of unweighted losses, before any balancing. They are compared
over shared parameters or, where each task has a tower of its own and nothing is
shared, over corresponding towers.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from mtl_jax import train
from mtl_jax.data import sources
from mtl_jax.data.base import Split
from mtl_jax.data.sources import Source
from mtl_jax.interference import measures
from mtl_jax.train import forward, precision, task_gradients
from mtl_jax.train.optimizers import Hp
from mtl_jax.train.state import Best, Seed, System, TrainState, stream
from mtl_jax.train.task_gradients import Look

TOTAL = 'ALL'  # all modules together, or all tasks


class Asked(NamedTuple):
  """How many training batches are looked at, of how many rows each."""

  batches: int
  rows: int


class Found(NamedTuple):
  """Means over the batches; NaN where a task had no gradient in any of them.

  Modules are those of `modules`. Pairs are ordered, `[i, j]` is of i on j.

  Attributes:
    grams: by measure, `[modules, tasks, tasks]`, or `[modules]` of all tasks.
    affinity: of look-ahead steps of all modules together.
    curvature: of the run's own next step, along the summed loss's gradient.
  """

  grams: dict[str, Array]
  affinity: measures.Affinity
  curvature: Float[Array, '']


def modules(system: System, params: dict) -> list[str]:
  """The rows of what is found: all together, then each stage."""
  return [TOTAL, *task_gradients.modules(compared(system, params))]


def compared(system: System, tree: dict) -> dict:
  """Of parameters or gradients, what tasks are compared by."""
  shared = {k: v for k, v in tree.items() if k.startswith('shared')}
  if not system.scheme.separate:
    return shared
  return {k: v for k, v in tree.items() if not k.startswith('head_')}


def measure(
  system: System,
  asked: Asked,
  hp: Hp,
  seed: Seed,
  state: TrainState,
  data: Split | Source,
  num_rows: Int[Array, ''],
) -> Found:
  """Draws batches, of rows with replacement, and compares gradients on them.

  Independent batches give products of gradients without the noise of either:
  see `measures.corrected_cosines`.
  """
  key = jax.random.fold_in(stream(seed, 'probe'), state.step)
  keys = jax.random.split(key, asked.batches)
  own = compared(system, state.params.tree)
  start = jax.tree.map(lambda p: _none(system, p), own)

  def body(total, key):
    batch, key = _draw(asked, key, data, num_rows)
    rows, looked = _look(system, hp, state, batch, key)
    return jax.tree.map(jnp.add, total, rows), looked

  total, (grams, affinity) = lax.scan(body, start, keys)
  found = {
    **_of_batches(grams),
    **_of_expectations(_by_module(total), grams),
  }
  affinity = jax.tree.map(lambda x: jnp.nanmean(x, 0), affinity)
  curvature = _curvature(system, asked, hp, state, data, num_rows, keys[0])
  return Found(found, affinity, curvature)


def _none(system: System, leaf: Array) -> Array:
  """Zeros in the shape of all tasks' gradients."""
  if system.scheme.separate:
    return jnp.zeros_like(leaf)
  return jnp.zeros((len(system.tasks), *leaf.shape), leaf.dtype)


def _draw(asked, key, data, num_rows) -> tuple[Split, Array]:
  """A batch, and a key for its noise."""
  key, own = jax.random.split(key)
  rows = jax.random.randint(own, (asked.rows,), 0, num_rows)
  return train.take((), data, rows), key


def _look(system, hp, state, batch, key):
  """At one batch: each task's gradient, their Grams, and look-ahead steps."""
  state = state.opened
  look, _ = forward.look(system, state, batch, key)
  rows = gradients(system, look)
  own = compared(system, state.params)

  def losses(moved):
    params = {**state.params, **moved}
    return forward.losses(system, state, batch, key, params)[0][0]

  # Where each task has a tower, any task's step is tried on all of them.
  tried = jax.tree.map(lambda g: g[:, None], rows)
  tried = tried if system.scheme.separate else rows
  affinity = measures.look_ahead(losses, own, tried, hp.lr)
  known = batch.mask.any(0)
  both = known[:, None] & known[None]
  affinity = jax.tree.map(lambda x: jnp.where(both, x, jnp.nan), affinity)
  return rows, (_by_module(rows), affinity)


def gradients(system: System, look: Look) -> dict:
  """Each task's raw gradient of what is compared, leaves `[K, ...]`."""
  ones = jnp.ones_like(look.losses)
  if not system.scheme.separate:
    return task_gradients.rows(look, ones, 'shared')
  free = jax.tree.map(jnp.zeros_like, look.charged)
  # Of the sum, since no task's loss reaches another's tower.
  return compared(system, task_gradients.private(look, ones, free))


def _by_module(rows: dict) -> Float[Array, 'modules tasks tasks']:
  grams = task_gradients.by_module(rows)
  return jnp.concatenate([grams.sum(0, keepdims=True), grams])


def _of_batches(grams: Float[Array, 'batches modules tasks tasks']) -> dict:
  """Each measure on each batch, then the mean."""

  def mean(measure):
    return jnp.nanmean(jax.vmap(jax.vmap(measure))(grams), 0)

  by_pair = {name: mean(f) for name, f in measures.OF_PAIRS.items()}
  by_all = {name: mean(f) for name, f in measures.OF_ALL.items()}
  return {**by_pair, **by_all}


def _of_expectations(total, grams) -> dict:
  """From products of gradients on different batches, all pairs of those."""
  count = len(grams)
  products = (total - grams.sum(0)) / (count * (count - 1))
  cosines = jax.vmap(measures.corrected_cosines)(products)
  return {'product': products, 'corrected_cosine': cosines}


def _curvature(system, asked, hp, state, data, num_rows, key):
  """On one batch, the first; a balancer of several takes it for all."""
  batch, key = _draw(asked, key, data, num_rows)
  several = jax.tree.map(
    lambda x: jnp.broadcast_to(x, (*system.batches, *x.shape)), batch
  )
  new, _ = train.step(system, hp, state, several, key)
  opened = state.opened

  def loss(params):
    return forward.losses(system, opened, batch, key, params)[0][0].sum()

  return measures.curvature(loss, opened.params, new.params.tree)


def features(
  system: System,
  count: int,
  best: Best,
  data: Split | Source,
  num_rows: Array,
) -> Float[Array, 'tasks rows channels']:
  """What each task's head reads on training rows at even distances.

  Of the kept parameters, and as in a test: without dropout.
  """
  rows = jnp.arange(count) * num_rows // count
  inputs = sources.part(sources.of(data), 'inputs', rows)
  apply = functools.partial(
    precision.apply,
    system.scheme,
    system.compute,
    best.params.tree,
    best.extra,
  )
  _, kept = apply(inputs, False, mutable=['features'])
  return kept['features']['read'].astype(jnp.float32)
