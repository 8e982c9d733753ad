"""One gradient step of one run, as a pure function of its state."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from mtl_jax.data.base import Split
from mtl_jax.train import balancing, forward, noise, optimizers
from mtl_jax.train.optimizers import Hp
from mtl_jax.train.state import System, TrainState


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
  found = balancing.combine(
    system.balancer,
    system.gram_over,
    hp,
    looks,
    state.balance,
    balance_key,
  )
  grads = balancing.add_penalty(system.scheme, hp, opened.params, found.grads)
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
    balance = balancing.start(
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
  return balancing.clip(hp.clip, norms, grads), norms


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
