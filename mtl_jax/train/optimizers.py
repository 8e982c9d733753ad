"""Optimizers and schedules: structure is chosen here, numbers are traced."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from mtl_jax.schemes import base
from mtl_jax.train.parameters import Parameters


class Hp(NamedTuple):
  """Hyperparameters of one run; all traced, so a sweep compiles once.

  Attributes:
    lr: learning rate, multiplied by the schedule.
    weight_decay: of kernels and embeddings; biases, scales and the scheme's
      `mix` parameters do not decay.
    penalty: factor of the scheme's penalty.
    clip: largest gradient norm (per tower for separate towers); 0 is none.
    task_weights: `[K]`, scale the task losses.
    balancer: numbers of its own that stand in for those it was made with.
  """

  lr: Float[Array, '']
  weight_decay: Float[Array, '']
  penalty: Float[Array, '']
  clip: Float[Array, '']
  task_weights: Float[Array, 'tasks']
  balancer: dict[str, Float[Array, '']] = {}  # noqa: RUF012


Optimizer = Callable[[Hp], optax.GradientTransformation]


def make(
  rule: Callable[[], optax.GradientTransformation],
  decoupled: bool,
  schedule: Callable[[Array], Array],
  scheme: base.Scheme,
  steps: int = 1,
) -> Optimizer:
  """An optimizer of `rule`, built inside the trace from traced numbers.

  It updates `Parameters`, all of a run at once.

  Args:
    rule: makes the transformation of raw gradients to directions.
    decoupled: weight decay after the rule (AdamW) or before it (L2).
    schedule: step -> factor of the learning rate.
    scheme: says which parameters it wants trained in another way.
    steps: of a run.
  """

  def optimizer(hp: Hp) -> optax.GradientTransformation:
    decay = optax.stateless(lambda g, p: _decay(scheme, hp.weight_decay, g, p))
    order = (rule(), decay) if decoupled else (decay, rule())
    return optax.chain(*order, _rate(scheme, hp, schedule, steps))

  return optimizer


def _decay(
  scheme: base.Scheme, rate: Any, grads: Parameters, params: Parameters
) -> Parameters:
  def decays(name, is_kernel):
    return is_kernel and scheme.group(name).decays

  def decay(g, which, p):
    return _chosen(which, g + rate * p, g)

  return grads.per_column(decays, decay, params)


def _rate(scheme: base.Scheme, hp: Hp, schedule: Callable, steps: int):
  """Downhill by the learning rate, with what the scheme says of a group."""

  def init(params):
    del params
    return optax.ScaleByScheduleState(jnp.zeros((), jnp.int32))

  def update(updates, state, params=None):
    rate = -hp.lr * schedule(state.count)
    scaled = updates.per_column(
      lambda name, _: scheme.group(name).lr,
      lambda u, faster: rate * faster * u,
    )
    scaled = moving(scheme, state.count, steps, scaled)
    if type(scheme).proximal is not base.Scheme.proximal:
      scaled = _drawn(scheme, -rate * hp.penalty, params, scaled)
    return scaled, optax.ScaleByScheduleState(state.count + 1)

  return optax.GradientTransformation(init, update)


def _drawn(
  scheme: base.Scheme, strength: Any, params: Parameters, updates: Parameters
) -> Parameters:
  """Updates that end where the scheme's proximal step does."""
  moved = jax.tree.map(jnp.add, params, updates)
  ended = params.replace(scheme.proximal(moved.tree, strength))
  return jax.tree.map(jnp.subtract, ended, params)


def moving(
  scheme: base.Scheme, step: Array, steps: int, grads: Parameters
) -> Parameters:
  """Gradients of what moves in this step; 0 where a group rests."""
  asked: dict[str, Any] = {}

  def moves(name, _):
    rule = scheme.group(name).moves
    if name not in asked:
      asked[name] = True if rule is None else rule(step, steps)
    return asked[name]

  return grads.per_column(
    moves, lambda g, which: _chosen(which, g, jnp.zeros_like(g))
  )


def _chosen(which: Any, one: Array, other: Array) -> Array:
  """`one` where `which` says so; it is one bool, or `[1, width]`."""
  if isinstance(which, bool):
    return one if which else other
  return jnp.where(which, one, other)


def phased(
  schedule: Callable[[int], optax.Schedule], steps: int, cut: int
) -> optax.Schedule:
  """One schedule for the steps before `cut` and one for those from it on."""
  if not cut:
    return schedule(steps)
  first, second = schedule(cut), schedule(steps - cut)
  return lambda count: jnp.where(count < cut, first(count), second(count - cut))


def restarted(
  optimizer: optax.GradientTransformation, opt: Any, params: Parameters
) -> Any:
  """An optimizer's state with all moments forgotten; its clock goes on."""
  return *optimizer.init(params)[:-1], opt[-1]


def adam(b1: float = 0.9, b2: float = 0.999):
  """Kingma and Ba, ICLR 2015; weight decay joins the gradient (L2)."""
  return lambda: optax.scale_by_adam(b1, b2), False


def adamw(b1: float = 0.9, b2: float = 0.999):
  """Loshchilov and Hutter, ICLR 2019; weight decay is decoupled."""
  return lambda: optax.scale_by_adam(b1, b2), True


def sgd(momentum: float = 0.9, nesterov: bool = False):
  """Stochastic gradient descent with momentum; weight decay as L2."""
  return lambda: optax.trace(momentum, nesterov), False


def constant(steps: int) -> optax.Schedule:
  """The same rate throughout."""
  del steps
  return optax.constant_schedule(1.0)


def cosine(steps: int, final: float = 0.0) -> optax.Schedule:
  """Half a cosine from 1 to `final`, SGDR, arXiv:1608.03983."""
  return optax.cosine_decay_schedule(1.0, steps, final)


def warmup(
  steps: int, warmup_steps: int = 100, final: float = 0.0
) -> optax.Schedule:
  """Linear from 0 over `warmup_steps`, then half a cosine to `final`."""
  length = min(warmup_steps, steps - 1)
  return optax.warmup_cosine_decay_schedule(0.0, 1.0, length, steps, final)


def step(
  steps: int, boundaries: tuple[float, ...] = (0.5, 0.75), factor: float = 0.1
) -> optax.Schedule:
  """Times `factor` at each boundary, a share of all steps."""
  at = {int(share * steps): factor for share in boundaries}
  return optax.piecewise_constant_schedule(1.0, at)


OPTIMIZERS = {'adam': adam, 'adamw': adamw, 'sgd': sgd}
SCHEDULES = {
  'constant': constant,
  'cosine': cosine,
  'warmup': warmup,
  'step': step,
}
