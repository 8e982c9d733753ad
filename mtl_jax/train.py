"""Training as pure functions of one run; runs are mapped over them.

`init` makes a state, `step` takes one batch, `advance` takes many steps in one
scan, `evaluate` measures a split.
"""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

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


def advance(
  system: System,
  hp: Hp,
  seed: Seed,
  state: TrainState,
  data: Split | Source,
  num_rows: Int[Array, ''],
  steps: int,
  batch_size: int,
  recorded: Callable | None = None,
) -> tuple[TrainState, Metrics]:
  """`steps` steps in one scan; returns the metrics' means over them.

  `recorded` is the system's `step` as it was traced before; else it is traced
  now. Rows and dropout depend on the seed and the step alone, so that a resumed
  run equals an uninterrupted one, and schemes are compared on the same batches.
  """
  order_key, noise_key = stream(seed, 'order', 'noise')
  masks = noise.of_mask(noise_key)
  data = sources.of(data)
  order = batches.rows(
    order_key,
    state.step,
    steps,
    math.prod(system.batches) * batch_size,
    sources.size(data),
    num_rows,
  )
  order = order.reshape(steps, *system.batches, batch_size)
  one_step = recorded or functools.partial(step, system)
  data = sources.with_labels(data, columns.packed)

  def body(state, rows):
    batch = take(system.batches, data, rows)
    drawn = noise.Draws(masks, noise_key).fold_in(state.step)
    return one_step(hp, state, batch, drawn)

  state, metrics = lax.scan(body, state, order)
  return state, jax.tree.map(lambda m: m.mean(0), metrics)


def take(
  several: tuple[int, ...], data: Split | Source, rows: Int[Array, '...']
) -> Split:
  """The rows of a step, its several batches on a leading axis."""
  if not several:
    return devices.take_rows(data, rows)
  parts = [devices.take_rows(data, own) for own in rows]
  return jax.tree.map(lambda *leaves: jnp.stack(leaves), *parts)
