"""Many steps of one run in one scan.

`draw` chooses rows and random keys, `follow` trains on them, and `advance` does
both.
"""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Int, UInt32

from mtl_jax import devices
from mtl_jax.data import sources, stacked
from mtl_jax.data.base import Split
from mtl_jax.data.sources import Source
from mtl_jax.train import augment, batches, noise
from mtl_jax.train.optimizers import Hp
from mtl_jax.train.state import Seed, System, TrainState, stream
from mtl_jax.train.update import Metrics, step


class Drawn(NamedTuple):
  """The random choices of some steps, made before any of them is taken.

  Keys are raw words (`jax.random.key_data`), which can be serialized.

  Attributes:
    rows: row numbers of each step's batches.
    masks: words of each step's PCG3D key, see `noise`.
    others: words of each step's JAX key.
  """

  rows: Int[Array, 'steps ... batch']
  masks: UInt32[Array, 'steps words']
  others: UInt32[Array, 'steps words']


def draw(
  several: tuple[int, ...],
  seed: Seed,
  first_step: Int[Array, ''],
  num_rows: Int[Array, '*sources'],
  steps: int,
  batch_size: int,
  size: int,
  quotas: tuple[batches.Quota, ...] = (),
  parts: int = 1,
) -> Drawn:
  """Draws rows and keys for some steps.

  They depend on the seed and the step numbers alone: a resumed run equals an
  uninterrupted one, and schemes are compared on the same batches. This is a
  program of its own, which all cells of a table share.

  Args:
    several: leading axes of a step's batch, see `System.batches`.
    seed: of the run.
    first_step: steps taken before.
    num_rows: rows of the split, without padding; with quotas, of each source.
    steps: how many to draw for.
    batch_size: rows per batch.
    size: rows of the split, with padding.
    quotas: of each source in a batch; () draws from all rows alike.
    parts: in which a batch is computed, see `System.accumulate`.

  Returns:
    Rows `[steps, *several, batch_size]` and the words of the keys.
  """
  order_key, noise_key = stream(seed, 'order', 'noise')
  # One order of rows for all batches of a step, so that an epoch still shows
  # every row once.
  count = math.prod(several)
  if quotas:
    rows = batches.of_sources(
      order_key, first_step * count, steps * count, quotas, num_rows, parts
    )
  else:
    each = count * batch_size
    rows = batches.rows(order_key, first_step, steps, each, size, num_rows)
  both = noise.draws(noise_key)
  # Keys depend on the absolute step, not on where this call starts.
  keys = jax.vmap(both.fold_in)(first_step + jnp.arange(steps))
  return Drawn(
    rows.reshape(steps, *several, batch_size), *map(jax.random.key_data, keys)
  )


def advance(
  system: System,
  hp: Hp,
  seed: Seed,
  state: TrainState,
  data: Split | Source,
  num_rows: Int[Array, ''],
  steps: int,
  batch_size: int,
) -> tuple[TrainState, Metrics]:
  """Takes some steps whose rows and keys are drawn from a seed.

  Args:
    system: what is compiled.
    hp: hyperparameters of the run.
    seed: of the run.
    state: at the start.
    data: the training split.
    num_rows: its rows without padding.
    steps: how many to take.
    batch_size: rows per batch.

  Returns:
    The state afterwards, and the means of the metrics over the steps.
  """
  size = sources.size(sources.of(data))
  drawn = draw(
    system.batches, seed, state.step, num_rows, steps, batch_size, size
  )
  return follow(system, hp, state, data, drawn)


def follow(
  system: System,
  hp: Hp,
  state: TrainState,
  data: Split | Source,
  drawn: Drawn,
  recorded: Callable | None = None,
  each: bool = False,
) -> tuple[TrainState, Metrics]:
  """Takes the steps that were drawn, in one scan.

  Args:
    system: what is compiled.
    hp: hyperparameters of the run.
    state: at the start.
    data: the training split.
    drawn: the rows and keys of the steps.
    recorded: `update.step` of this system as traced before; None traces it
      now.
    each: whether to return the metrics of each step.

  Returns:
    The state afterwards, and the means of the metrics over the steps, or with
    `each` those of every step, `[steps, ...]`.
  """
  one_step = recorded or functools.partial(step, system)
  # Packed once, outside the loop, so that a step gathers few arrays.
  data = sources.with_labels(sources.of(data), stacked.packed)

  def body(state, now):
    batch = take(system.batches, data, now.rows)
    keys = noise.of_words(now.masks, now.others)
    if system.augment:
      batch = augmented(system, keys, batch)
    return one_step(hp, state, batch, keys)

  state, metrics = lax.scan(body, state, drawn)
  return state, metrics if each else jax.tree.map(lambda m: m.mean(0), metrics)


def augmented(system: System, keys: noise.Draws, batch: Split) -> Split:
  """The batch of one step, or several of them, with its pictures moved."""
  given = system.augment, system.tasks
  if not system.batches:
    return augment.apply(*given, keys.others, batch)
  each = jax.random.split(keys.others, system.batches)
  return jax.vmap(lambda key, own: augment.apply(*given, key, own))(each, batch)


def take(
  several: tuple[int, ...], data: Split | Source, rows: Int[Array, '...']
) -> Split:
  """The batch of one step.

  Args:
    several: leading axes of a step's batch, see `System.batches`.
    data: the split.
    rows: row numbers, `[*several, batch]`.

  Returns:
    The rows, with several batches on a leading axis.
  """
  if not several:
    return devices.take_rows(data, rows)
  parts = [devices.take_rows(data, own) for own in rows]
  return jax.tree.map(lambda *leaves: jnp.stack(leaves), *parts)
