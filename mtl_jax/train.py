"""Training as pure functions of one run; runs are mapped over them.

`init` makes a state, `step` takes one batch, `draw` decides what many steps
see, `follow` takes them in one scan (`advance` is both), `evaluate` measures a
split.
"""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int, UInt32

from mtl_jax import (
  batches,
  columns,
  devices,
  forward,
  gradients,
  noise,
  optimizers,
  sources,
)
from mtl_jax.data.base import Split
from mtl_jax.evaluation import evaluate
from mtl_jax.optimizers import Hp
from mtl_jax.sources import Source
from mtl_jax.state import Best, Seed, System, TrainState, init, stream

__all__ = ['Best', 'Hp', 'System', 'TrainState', 'evaluate', 'init']


class Metrics(NamedTuple):
  """What a step tells: raw task losses, the weights they were given, readings.

  `readings` is what the scheme tells of itself, see `schemes.base.read`.
  """

  losses: Float[Array, 'tasks']
  weights: Float[Array, 'tasks']
  readings: dict[str, Array]


def step(
  system: System,
  hp: Hp,
  state: TrainState,
  batch: Split,
  key: Array | noise.Draws,
) -> tuple[TrainState, Metrics]:
  """One gradient step; one `vjp` serves all kinds of balancer.

  Where the balancer takes several batches, those are on a leading axis.
  """
  system = system.told(hp)
  drawn = noise.draws(key)
  others, balance_key = jax.random.split(drawn.others)
  forward_key = noise.Draws(drawn.masks, others)
  state = _restarted(system, hp, state)
  hp = _alone(system, hp, state)
  opened = state._replace(params=state.params.stacks)
  looks, own, (extra, readings) = forward.looks(
    system, opened, batch, forward_key
  )
  losses = looks[-1].losses
  found = gradients.combine(
    system.balancer,
    system.gram_over,
    hp,
    looks,
    state.balance,
    balance_key,
  )
  grads = gradients.add_penalty(system.scheme, hp, opened.params, found.grads)
  grads, norms = _clipped(system, hp, state, state.params.replace(grads))
  params, opt = _descend(system, hp, state, grads)
  balance = found.balance
  if system.balancer.after:
    (later, _), _ = forward.losses(
      system, opened, own, forward_key, params.stacks
    )
    weights = hp.task_weights
    balance = system.balancer.after(weights * losses, weights * later, balance)
  new = state._replace(params=params, extra=extra, opt=opt, balance=balance)
  fine = jnp.isfinite(losses).all() & jnp.isfinite(norms).all()
  state = _unless_failed(state, new, fine)
  return state._replace(
    step=state.step + 1,
    fallbacks=state.fallbacks + found.fallback,
    unlabelled=state.unlabelled + ~own.mask.any(0),
  ), Metrics(losses, found.weights, readings)


def _alone(system: System, hp: Hp, state: TrainState) -> Hp:
  """Towers that are trained apart have nothing to pay for yet."""
  if not system.scheme.warm_start:
    return hp
  met = state.step >= system.scheme.warm_start
  return hp._replace(penalty=jnp.where(met, hp.penalty, 0))


def _restarted(system: System, hp: Hp, state: TrainState) -> TrainState:
  """At a scheme's restart, all but its `mix` as it was before the first step.

  Nothing has been kept as best until then but the first parameters.
  """
  cut = system.scheme.restart(system.steps)
  if not cut:
    return state

  def anew(state):
    mix, first = system.scheme.mix, state.best.params.stacks
    tree = {
      name: part if name.startswith(mix) else first[name]
      for name, part in state.params.stacks.items()
    }
    params = state.params.replace(tree)
    opt = optimizers.restarted(system.optimizer(hp), state.opt, params)
    balance = gradients.start(
      system.balancer, system.gram_over, len(system.tasks), tree
    )
    return state._replace(
      params=params, extra=state.best.extra, opt=opt, balance=balance
    )

  return lax.cond(state.step == cut, anew, lambda state: state, state)


def _clipped(system: System, hp: Hp, state: TrainState, grads):
  """And the norms before; what rests in this step is in none of them."""
  moving = optimizers.moving(system.scheme, state.step, system.steps, grads)
  norms = moving.norms
  return gradients.clip(hp.clip, norms, grads), norms


@jax.named_scope('update')
def _descend(system: System, hp: Hp, state: TrainState, grads):
  updates, opt = system.optimizer(hp).update(grads, state.opt, state.params)
  return jax.tree.map(jnp.add, state.params, updates), opt


@jax.named_scope('unless_failed')
def _unless_failed(old: TrainState, new: TrainState, fine) -> TrainState:
  """Keeps what was learned from the first step that was not finite on.

  The optimizer's state may turn NaN with it: such a run never goes on.
  """
  running = fine & (old.failed < 0)
  params, extra = jax.tree.map(
    lambda n, o: jnp.where(running, n, o),
    (new.params, new.extra),
    (old.params, old.extra),
  )
  first = jnp.where(fine | (old.failed >= 0), old.failed, old.step)
  return new._replace(params=params, extra=extra, failed=first)


class Drawn(NamedTuple):
  """What chance decides in some steps, before any of them is taken.

  Keys are kept as the words that they are made of, which can be written.

  Attributes:
    rows: row numbers of each step's batches.
    masks: words of the step's key of `noise`.
    others: words of the step's key of JAX's own generator.
  """

  rows: Int[Array, 'steps ... batch']
  masks: UInt32[Array, 'steps words']
  others: UInt32[Array, 'steps words']


def draw(
  several: tuple[int, ...],
  seed: Seed,
  first_step: Int[Array, ''],
  num_rows: Int[Array, ''],
  steps: int,
  batch_size: int,
  size: int,
) -> Drawn:
  """Rows and keys of `steps` steps, from the seed and their numbers alone.

  So a resumed run equals an uninterrupted one, and schemes are compared on the
  same batches. It is a program of its own, which all cells of a table share.

  Args:
    several: the leading axes of a step's batch, see `System.batches`.
    seed: of the run.
    first_step: steps taken before.
    num_rows: of the split, without padding.
    steps: to take.
    batch_size: rows of a batch.
    size: rows of the split, with padding.
  """
  order_key, noise_key = stream(seed, 'order', 'noise')
  each = math.prod(several) * batch_size
  rows = batches.rows(order_key, first_step, steps, each, size, num_rows)
  both = noise.draws(noise_key)
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
  """`steps` steps from a seed; returns the metrics' means over them."""
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
) -> tuple[TrainState, Metrics]:
  """The steps that were drawn, in one scan; the metrics' means over them.

  `recorded` is the system's `step` as it was traced before; else it is traced
  now.
  """
  one_step = recorded or functools.partial(step, system)
  data = sources.with_labels(sources.of(data), columns.packed)

  def body(state, now):
    batch = take(system.batches, data, now.rows)
    return one_step(hp, state, batch, noise.of_words(now.masks, now.others))

  state, metrics = lax.scan(body, state, drawn)
  return state, jax.tree.map(lambda m: m.mean(0), metrics)


def take(
  several: tuple[int, ...], data: Split | Source, rows: Int[Array, '...']
) -> Split:
  """The rows of a step, its several batches on a leading axis."""
  if not several:
    return devices.take_rows(data, rows)
  parts = [devices.take_rows(data, own) for own in rows]
  return jax.tree.map(lambda *leaves: jnp.stack(leaves), *parts)
