"""One gradient step of one run, as a pure function of its state."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from mtl_jax.data.base import Split
from mtl_jax.train import (
  balancing,
  forward,
  forward_passes,
  freezing,
  noise,
  optimizers,
)
from mtl_jax.train.optimizers import Hp
from mtl_jax.train.parameters import Parameters
from mtl_jax.train.state import System, TrainState


class Metrics(NamedTuple):
  """What a step reports.

  Attributes:
    losses: raw task losses `[K]`.
    weights: their weights `[K]`.
    readings: the scheme's own diagnostics by name, see `Scheme.record`.
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
  """Takes one gradient step.

  Args:
    system: what is compiled.
    hp: hyperparameters of the run.
    state: before the step.
    batch: of the step; where the balancer takes several batches, they are on a
      leading axis.
    key: of the step.

  Returns:
    The state after the step, and its metrics. Parameters do not change in nor
    after a step with a loss or gradient that is not finite.
  """
  system = system.with_hp(hp)
  drawn = noise.draws(key)
  others, balance_key = jax.random.split(drawn.others)
  forward_key = noise.Draws(drawn.masks, others)
  state = _restarted(system, hp, state)
  hp = _without_penalty_alone(system, hp, state)
  # The forward pass reads stacked heads; gradients come back as stacks too.
  opened = state._replace(params=state.params.stacks)
  point = forward.Point(system, opened, batch, forward_key)
  passes, last_batch, (extra, readings) = forward_passes.of_step(point)
  losses = passes[-1].losses
  # The order matters: balancers see neither penalty, and clipping sees both.
  combined = balancing.combine(
    system.balancer,
    system.gram_over,
    hp,
    passes,
    state.balance,
    balance_key,
    system.frozen,
  )
  grads = balancing.add_penalty(
    system.scheme, hp, opened.params, combined.grads
  )
  grads = freezing.zeroed(system.frozen, state.params.replace(grads))
  grads, norms = _clipped(system, hp, state, grads)
  params, opt = _descend(system, hp, state, grads)
  balance = combined.balance
  if system.balancer.after:
    again = point._replace(batch=last_batch)
    balance = _told(hp, again, losses, params, balance)
  new = state._replace(params=params, extra=extra, opt=opt, balance=balance)
  # Norms from before clipping, which could hide an infinite one.
  fine = jnp.isfinite(losses).all() & jnp.isfinite(norms).all()
  state = _unless_failed(state, new, fine)
  return state._replace(
    step=state.step + 1,
    fallbacks=state.fallbacks + combined.fallback,
    unlabelled=state.unlabelled + ~last_batch.mask.any(0),
  ), Metrics(losses, combined.weights, readings)


def _told(
  hp: Hp, point: forward.Point, losses: Array, params: Parameters, balance: Any
) -> Any:
  """The state of a balancer that is told what the step did to the losses.

  The same batch with the same dropout masks, and `extra` as it was before the
  step: batch statistics are not updated a second time.
  """
  later = forward_passes.losses(point, params.stacks)
  weights = hp.task_weights
  after = point.system.balancer.after
  return after(weights * losses, weights * later, balance)


def _without_penalty_alone(system: System, hp: Hp, state: TrainState) -> Hp:
  """Sets the penalty to 0 during a warm start, when towers are independent."""
  if not system.scheme.warm_start:
    return hp
  met = state.step >= system.scheme.warm_start
  return hp._replace(penalty=jnp.where(met, hp.penalty, 0))


def _restarted(system: System, hp: Hp, state: TrainState) -> TrainState:
  """At a scheme's restart, resets all but its `mix` parameters.

  The initial parameters are read from `state.best`: nothing else can have been
  selected before the restart, see `System.selection_start`.
  """
  cut = system.scheme.restart(system.steps)
  if not cut:
    return state

  # Mapped over runs, `cond` computes both branches in every step. They only
  # copy.
  def restart(state):
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

  return lax.cond(state.step == cut, restart, lambda state: state, state)


def _clipped(system: System, hp: Hp, state: TrainState, grads):
  """Clipped gradients, and the norms before clipping, `[groups]`.

  Parameters that are frozen in this step do not count in the norms.
  """
  norms = optimizers.zero_frozen(
    system.scheme, state.step, system.steps, grads
  ).norms
  return balancing.clip(hp.clip, norms, grads), norms


@jax.named_scope('update')
def _descend(system: System, hp: Hp, state: TrainState, grads):
  updates, opt = system.optimizer(hp).update(grads, state.opt, state.params)
  return jax.tree.map(jnp.add, state.params, updates), opt


@jax.named_scope('unless_failed')
def _unless_failed(old: TrainState, new: TrainState, fine) -> TrainState:
  """From the first step that is not finite on, keeps parameters as they were.

  The optimizer's state may become NaN, which does no harm: such a run never
  updates its parameters again.
  """
  running = fine & (old.failed < 0)
  params, extra = jax.tree.map(
    lambda n, o: jnp.where(running, n, o),
    (new.params, new.extra),
    (old.params, old.extra),
  )
  first = jnp.where(fine | (old.failed >= 0), old.failed, old.step)
  return new._replace(params=params, extra=extra, failed=first)
