"""Measures interference at one step of a run, on a few training batches.

Gradients are raw: of unweighted losses, before any balancing. They are compared
over shared parameters or, where each task has a separate tower and nothing is
shared, over corresponding parameters of the towers.
"""

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
from mtl_jax.train.task_gradients import ForwardPass

TOTAL = 'ALL'  # name of all modules together


class Sampling(NamedTuple):
  """How many training batches are drawn, and how many rows each has.

  Attributes:
    batches: number of batches.
    rows: of a batch.
    quotas: of them of each source, see `batches.of_sources`; () is of all rows.
  """

  batches: int
  rows: int
  quotas: tuple[int, ...] = ()


class Measurements(NamedTuple):
  """Means over the batches; NaN where a task had no gradient in any of them.

  Modules are in the order of `modules`. Entry `[i, j]` is the effect of i on j.

  Attributes:
    grams: by measure, `[modules, tasks, tasks]` for pairs of tasks and
      `[modules]` for all tasks together.
    affinity: of look-ahead steps on all modules together, see `look_ahead`.
    curvature: of the run's next step, along the gradient of the summed loss.
  """

  grams: dict[str, Array]
  affinity: measures.Affinity
  curvature: Float[Array, '']


def modules(system: System, params: dict) -> list[str]:
  """Names of the modules that are measured.

  Args:
    system: what is compiled.
    params: the parameter tree, or its shapes.

  Returns:
    `TOTAL`, then each stage.
  """
  return [TOTAL, *task_gradients.modules(compared(system, params))]


def compared(system: System, tree: dict) -> dict:
  """Selects the parameters over which tasks are compared.

  Args:
    system: what is compiled.
    tree: parameters, or gradients by top-level name.

  Returns:
    The shared ones; of separate towers all but the heads.
  """
  shared = {k: v for k, v in tree.items() if k.startswith('shared')}
  if not system.scheme.separate:
    return shared
  return {k: v for k, v in tree.items() if not k.startswith('head_')}


def measure(
  system: System,
  sampling: Sampling,
  hp: Hp,
  seed: Seed,
  state: TrainState,
  data: Split | Source,
  num_rows: Int[Array, '*sources'],
) -> Measurements:
  """Draws batches and compares the tasks' gradients on them.

  Rows are drawn with replacement, so that batches are independent, as
  `measures.corrected_cosines` requires.

  Args:
    system: what is compiled.
    sampling: how many batches of how many rows.
    hp: hyperparameters of the run; look-ahead steps take its learning
      rate at this step.
    seed: of the run.
    state: of the run; it is not changed.
    data: the training split.
    num_rows: its rows without padding; with quotas, those of each source.

  Returns:
    The means over the batches.
  """
  key = jax.random.fold_in(stream(seed, 'probe'), state.step)
  keys = jax.random.split(key, sampling.batches)
  own = compared(system, state.params.tree)
  start = jax.tree.map(lambda p: _zeros(system, p), own)

  def body(total, key):
    batch, key = _draw(sampling, key, data, num_rows)
    rows, measured = _on_batch(system, hp, state, batch, key)
    # The sum of gradients is enough for all products across batches: see
    # `_of_expectations`.
    return jax.tree.map(jnp.add, total, rows), measured

  total, (grams, affinity) = lax.scan(body, start, keys)
  measured = {
    **_of_batches(grams),
    **_of_expectations(_by_module(total), grams),
  }
  affinity = jax.tree.map(lambda x: jnp.nanmean(x, 0), affinity)
  curvature = _curvature(system, sampling, hp, state, data, num_rows, keys[0])
  return Measurements(measured, affinity, curvature)


def _zeros(system: System, leaf: Array) -> Array:
  """Zeros in the shape of all tasks' gradients, `[K, ...]`.

  Parameters of separate towers have the axis of tasks already.
  """
  if system.scheme.separate:
    return jnp.zeros_like(leaf)
  return jnp.zeros((len(system.tasks), *leaf.shape), leaf.dtype)


def _draw(sampling, key, data, num_rows) -> tuple[Split, Array]:
  """A batch, and a key for its noise."""
  key, own = jax.random.split(key)
  if not sampling.quotas:
    rows = jax.random.randint(own, (sampling.rows,), 0, num_rows)
    return train.take((), data, rows), key
  ends = jnp.cumsum(num_rows)
  rows = [
    jax.random.randint(one, (quota,), ends[i] - num_rows[i], ends[i])
    for i, (one, quota) in enumerate(
      zip(jax.random.split(own, len(ends)), sampling.quotas, strict=True)
    )
  ]
  rows = jnp.concatenate(rows)
  return train.take((), data, rows), key


def _on_batch(system, hp, state, batch, key):
  """Gradients on one batch, their Gram matrices, and look-ahead steps."""
  state = state.opened
  point = forward.Point(system, state, batch, key)
  forward_pass, _ = forward.forward_pass(point)
  rows = gradients(system, forward_pass)
  own = compared(system, state.params)

  def losses(moved):
    params = {**state.params, **moved}
    return forward.losses(point, params)[0][0]

  # With separate towers a task's step moves all towers: [K, 1, ...] broadcasts
  # over their axis. Otherwise no task could affect another.
  steps = jax.tree.map(lambda g: g[:, None], rows)
  steps = steps if system.scheme.separate else rows
  affinity = measures.look_ahead(losses, own, steps, rate(system, hp, state))
  # A task without a label has loss 0 before and after, which is no measurement.
  known = batch.mask.any(0)
  both = known[:, None] & known[None]
  affinity = jax.tree.map(lambda x: jnp.where(both, x, jnp.nan), affinity)
  return rows, (_by_module(rows), affinity)


def rate(system: System, hp: Hp, state: TrainState) -> Float[Array, '']:
  """The learning rate of the run's next step.

  Args:
    system: gives the schedule.
    hp: gives the rate that the schedule multiplies.
    state: gives the step.

  Returns:
    A scalar; after the last step that of the last step.
  """
  return hp.lr * system.schedule(jnp.minimum(state.step, system.steps - 1))


def gradients(system: System, forward_pass: ForwardPass) -> dict:
  """Each task's raw gradient by the parameters of `compared`.

  Args:
    system: what is compiled.
    forward_pass: of a batch.

  Returns:
    A tree of leaves `[K, ...]`.
  """
  ones = jnp.ones_like(forward_pass.losses)
  if not system.scheme.separate:
    return task_gradients.rows(forward_pass, ones, 'shared')
  no_penalty = jax.tree.map(jnp.zeros_like, forward_pass.penalty)
  # One backward pass of the summed loss is enough: no task's loss depends on
  # another's tower.
  return compared(
    system, task_gradients.private(forward_pass, ones, no_penalty)
  )


def _by_module(rows: dict) -> Float[Array, 'modules tasks tasks']:
  grams = task_gradients.by_module(rows)
  return jnp.concatenate([grams.sum(0, keepdims=True), grams])


def _of_batches(grams: Float[Array, 'batches modules tasks tasks']) -> dict:
  """The mean of each measure over the batches where it is defined."""

  def mean(measure):
    return jnp.nanmean(jax.vmap(jax.vmap(measure))(grams), 0)

  by_pair = {name: mean(f) for name, f in measures.OF_PAIRS.items()}
  by_all = {name: mean(f) for name, f in measures.OF_ALL.items()}
  return {**by_pair, **by_all}


def _of_expectations(total, grams) -> dict:
  """Unbiased products of expected gradients, and their cosines.

  With n batches, `total` is the Gram matrix of the gradients' sums, in which
  n (n - 1) products are across different batches and n are within one. Those
  within, `grams`, are subtracted: they contain the noise of their batch.
  """
  count = len(grams)
  products = (total - grams.sum(0)) / (count * (count - 1))
  cosines = jax.vmap(measures.corrected_cosines)(products)
  return {'product': products, 'corrected_cosine': cosines}


def _curvature(system, sampling, hp, state, data, num_rows, key):
  """On the first batch alone, since second derivatives are expensive."""
  batch, key = _draw(sampling, key, data, num_rows)
  # A balancer of several batches is given the same one several times.
  several = jax.tree.map(
    lambda x: jnp.broadcast_to(x, (*system.batches, *x.shape)), batch
  )
  new, _ = train.step(system, hp, state, several, key)
  opened = state.opened
  point = forward.Point(system, opened, batch, key)

  def loss(params):
    return forward.losses(point, params)[0][0].sum()

  return measures.curvature(loss, opened.params, new.params.tree)


def features(
  system: System,
  count: int,
  batch: int,
  best: Best,
  data: Split | Source,
  num_rows: Array,
) -> Float[Array, 'tasks rows channels']:
  """The input of each task's head on equally spaced training rows.

  Features are those of the best parameters in evaluation mode, without dropout.

  Args:
    system: what is compiled.
    count: how many rows.
    batch: rows per call of the scheme, as in evaluation.
    best: the best parameters.
    data: the training split.
    num_rows: its rows without padding.

  Returns:
    `[K, count, channels]` in float32.
  """
  batches = -(-count // batch)
  # Some are taken twice, so that all batches are full.
  places = jnp.arange(batches * batch).reshape(batches, batch) % count

  def read(places):
    rows = places * num_rows // count
    inputs = sources.part(sources.of(data), 'inputs', rows)
    _, found = precision.apply(
      system.scheme,
      system.compute,
      best.params.tree,
      best.extra,
      inputs,
      False,
      mutable=['features'],
    )
    return found['features']['read'].astype(jnp.float32)

  found = jnp.moveaxis(lax.map(read, places), 0, 1)  # [K, batches, batch, C]
  return found.reshape(len(found), -1, found.shape[-1])[:, :count]
