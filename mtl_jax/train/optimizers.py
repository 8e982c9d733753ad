"""Optimizers and schedules: their structure is static, their numbers traced."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from mtl_jax.schemes import base
from mtl_jax.train import freezing
from mtl_jax.train.parameters import Parameters


class Hp(NamedTuple):
  """Hyperparameters of one run; all traced, so a sweep compiles once.

  Attributes:
    lr: learning rate, multiplied by the schedule.
    weight_decay: of kernels and embeddings; biases, scales and the scheme's
      `mix` parameters do not decay.
    penalty: factor of the scheme's penalties.
    clip: largest gradient norm (per tower for separate towers); 0 is no limit.
    task_weights: `[K]`, scale the task losses.
    balancer: the balancer's hyperparameters by name, in place of the values
      that it was made with.
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
  frozen: tuple[str, ...] = (),
) -> Optimizer:
  """Makes an optimizer of `Parameters`.

  Args:
    rule: makes the transformation of gradients to directions.
    decoupled: whether weight decay follows the rule (AdamW) or precedes it
      (L2).
    schedule: step -> factor of the learning rate.
    scheme: gives the learning rate, decay and frozen steps of each group of
      parameters, see `Scheme.group`, and its proximal step.
    steps: of a whole run.
    frozen: prefixes of the names of parameters that are never updated.

  Returns:
    A function from hyperparameters to the Optax transformation; it is called
    inside the trace.
  """

  def optimizer(hp: Hp) -> optax.GradientTransformation:
    decay = optax.stateless(
      lambda g, p: _decay(scheme, hp.weight_decay, frozen, g, p)
    )
    # `restarted` relies on the learning rate's state being the last.
    order = (rule(), decay) if decoupled else (decay, rule())
    return optax.chain(*order, _rate(scheme, hp, schedule, steps, frozen))

  return optimizer


def _decay(
  scheme: base.Scheme,
  rate: Any,
  frozen: tuple[str, ...],
  grads: Parameters,
  params: Parameters,
) -> Parameters:
  def decays(block):
    still = freezing.of_block(frozen, grads.layout, block)
    return block.is_kernel and scheme.group(block.name).decays and not still

  def decay(g, which, p):
    return _select(which, g + rate * p, g)

  return grads.per_block(decays, decay, params)


def _rate(
  scheme: base.Scheme,
  hp: Hp,
  schedule: Callable,
  steps: int,
  frozen: tuple[str, ...],
):
  """Scales by minus the learning rate, then applies the scheme's own rules.

  Those are a factor per group, frozen steps and the proximal step.
  """

  def init(params):
    del params
    return optax.ScaleByScheduleState(jnp.zeros((), jnp.int32))

  def update(updates, state, params=None):
    rate = -hp.lr * schedule(state.count)
    scaled = updates.per_column(
      lambda name, _: scheme.group(name).lr,
      lambda u, factor: rate * factor * u,
    )
    # Again after the rule: momentum would move a group whose gradient is 0.
    scaled = zero_frozen(scheme, state.count, steps, scaled)
    # Known when tracing, so that other schemes compile nothing for it.
    if type(scheme).proximal is not base.Scheme.proximal:
      scaled = _with_proximal(scheme, -rate * hp.penalty, params, scaled)
    # A proximal step of all parameters must not move them either.
    scaled = freezing.zeroed(frozen, scaled)
    return scaled, optax.ScaleByScheduleState(state.count + 1)

  return optax.GradientTransformation(init, update)


def _with_proximal(
  scheme: base.Scheme, strength: Any, params: Parameters, updates: Parameters
) -> Parameters:
  """Updates that lead to the result of the scheme's proximal step."""
  updated = jax.tree.map(jnp.add, params, updates)
  proximal = params.replace(scheme.proximal(updated.tree, strength))
  return jax.tree.map(jnp.subtract, proximal, params)


def zero_frozen(
  scheme: base.Scheme, step: Array, steps: int, grads: Parameters
) -> Parameters:
  """Sets the gradients of groups that are frozen in this step to 0.

  Args:
    scheme: says when a group of parameters is trained, see `Group.moves`.
    step: steps taken so far.
    steps: of a whole run.
    grads: gradients or updates.

  Returns:
    The same with zeros for frozen groups.
  """
  # One traced value per name: `per_column` merges columns with the same value.
  trained: dict[str, Any] = {}

  def moves(name, _):
    rule = scheme.group(name).moves
    if name not in trained:
      trained[name] = True if rule is None else rule(step, steps)
    return trained[name]

  return grads.per_column(
    moves, lambda g, which: _select(which, g, jnp.zeros_like(g))
  )


def _select(condition: Any, one: Array, other: Array) -> Array:
  """`jnp.where`, without an operation where `condition` is a Python bool."""
  if isinstance(condition, bool):
    return one if condition else other
  return jnp.where(condition, one, other)


def restarted(
  optimizer: optax.GradientTransformation, opt: Any, params: Parameters
) -> Any:
  """Resets the moments of an optimizer's state, but not its step counter.

  Args:
    optimizer: made by `make`; the learning rate's state comes last in it.
    opt: the state.
    params: as at the restart.

  Returns:
    The new state.
  """
  return *optimizer.init(params)[:-1], opt[-1]


def adam(b1: float = 0.9, b2: float = 0.999):
  """Adam: Kingma and Ba, ICLR 2015, arXiv:1412.6980, with L2 weight decay.

  Args:
    b1: decay rate of the mean of gradients.
    b2: decay rate of the mean of squared gradients.

  Returns:
    `(rule, decoupled)` for `make`.
  """
  return lambda: optax.scale_by_adam(b1, b2), False


def adamw(b1: float = 0.9, b2: float = 0.999):
  """AdamW: Loshchilov and Hutter, ICLR 2019, arXiv:1711.05101.

  Args:
    b1: decay rate of the mean of gradients.
    b2: decay rate of the mean of squared gradients.

  Returns:
    `(rule, decoupled)` for `make`; weight decay is decoupled.
  """
  return lambda: optax.scale_by_adam(b1, b2), True


def sgd(momentum: float = 0.9, nesterov: bool = False):
  """Stochastic gradient descent with momentum and L2 weight decay.

  Args:
    momentum: decay rate of the sum of gradients.
    nesterov: whether to use Nesterov's momentum.

  Returns:
    `(rule, decoupled)` for `make`.
  """
  return lambda: optax.trace(momentum, nesterov), False


OPTIMIZERS = {'adam': adam, 'adamw': adamw, 'sgd': sgd}
