"""Runs of Adam with every balancer on the losses of problem.py, in float64."""

import functools
import importlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import lax
from jaxtyping import Array, Float

from benchmarks.toy.problem import Point, Setting, losses, lowest, reached
from mtl_jax.balancers import base
from mtl_jax.train import balancing, optimizers
from mtl_jax.train.task_gradients import ForwardPass

POINTS = 200  # of a path, after its start
LR = 1e-3
# In Nash-MTL's code learned weights use a learning rate of 0.025; the other
# methods with learned weights have that as their default here.
RATE_STEPS = 1000  # of which `distance` is made a rate
LEARNED = ('imtl', 'imtl_l', 'uncertainty')
# Methods that accept negative losses but are meaningless for them: their scales
# would grow without limit, or a ratio of losses would change its sign.
BOUNDED = ('dwa', *LEARNED)


class Walk(NamedTuple):
  """The runs of a method from all starting points.

  Attributes:
    path: parameters at equal intervals of steps, the first at the start.
    unanswered: steps at which the method had no finite answer.
  """

  path: Float[Array, 'starts points 2']
  unanswered: Float[Array, 'starts']


def make(name: str, setting: Setting) -> base.Balancer:
  """Makes a balancer with its defaults, except for what the papers' code sets.

  Args:
    name: of the balancer.
    setting: gives c of CAGrad, and the scale that FAMO's bounds depend on.
  """
  fields: dict[str, Any] = {}
  if name in LEARNED:
    # The rate of the papers' code, whatever the number of steps.
    fields |= {'distance': 0.025 * RATE_STEPS, 'steps': RATE_STEPS}
  if name == 'famo':
    fields |= {'decay': 0.0, 'lowest': lowest(setting.scale)}
  if name == 'cagrad':
    fields['c'] = setting.c
  return importlib.import_module(f'mtl_jax.balancers.{name}').make(**fields)


def less_bounds(name: str, setting: Setting) -> bool:
  """Whether the bounds `lowest` are subtracted from the method's losses.

  Args:
    name: of the balancer.
    setting: as in `make`.
  """
  return make(name, setting).positive or name in BOUNDED


def walk(name: str, setting: Setting, start: Point) -> Walk:
  """Runs one method from one starting point.

  Args:
    name: of the balancer.
    setting: what is run.
    start: the parameters to start at, `[2]`.

  Returns:
    The walk, without the axis of starts.
  """
  method = make(name, setting)
  bound = lowest(setting.scale) if less_bounds(name, setting) else (0.0, 0.0)

  def seen(params):
    return losses(params['shared'], setting.scale) - jnp.array(bound)

  move = functools.partial(_step, method, seen)
  every = setting.steps // POINTS

  def period(carry, number):
    carry, failed = lax.scan(move, carry, number * every + jnp.arange(every))
    return carry, (carry[0]['shared'], failed.sum())

  params = {'shared': start}
  balance = balancing.start(method, 'shared', 2, params)
  carry = params, optax.adam(LR).init(params), balance
  _, (path, failed) = lax.scan(period, carry, jnp.arange(POINTS))
  return Walk(jnp.concatenate([start[None], path]), failed.sum())


def _step(method: base.Balancer, seen: Callable, carry: Any, number: Array):
  """A step as in `train.step`; there is no noise, so all batches are equal."""
  params, opt, balance = carry
  values, pullback = jax.vjp(seen, params)
  forward_pass = ForwardPass(
    values, (), lambda weights, _: (pullback(weights)[0], ())
  )
  key = jax.random.fold_in(jax.random.key(0), number)
  hp = optimizers.Hp(*(jnp.array(x) for x in (LR, 0.0, 0.0, 0.0, (1.0, 1.0))))
  combined = balancing.combine(
    method, 'shared', hp, [forward_pass] * method.n_batches, balance, key
  )
  updates, opt = optax.adam(LR).update(combined.grads, opt)
  params, balance = optax.apply_updates(params, updates), combined.balance
  if method.after:
    balance = method.after(values, seen(params), balance)
  return (params, opt, balance), combined.fallback


def walks(names: Sequence[str], setting: Setting) -> Mapping[str, Walk]:
  """Runs methods from all starting points, in one program under vmap.

  Args:
    names: of the balancers.
    setting: what is run.

  Returns:
    The walks by method, in the order of `names`.
  """

  @jax.jit
  def program(starts):
    return {
      name: jax.vmap(functools.partial(walk, name, setting))(starts)
      for name in names
    }

  with jax.enable_x64(True):  # in this thread only
    by_name = jax.device_get(program(jnp.array(setting.starts)))
  return {name: by_name[name] for name in names}  # JAX sorts the keys


def run(setting: Setting) -> dict[str, Walk]:
  """Runs all methods of a setting, half of them in each of two threads.

  A program of operations as small as these uses one core. Every second method
  goes to the same thread, which separates the two slowest, CAGrad and SDMGrad.
  """
  halves = [setting.methods[i::2] for i in range(2)]
  with ThreadPoolExecutor(len(halves)) as pool:
    parts = pool.map(lambda names: walks(names, setting), halves)
    together = {name: own for part in parts for name, own in part.items()}
  return {name: together[name] for name in setting.methods}


def rows(name: str, setting: Setting, walks: Mapping[str, Walk]) -> list[dict]:
  """Returns a row of toy.csv for the end of each walk.

  Args:
    name: of the setting.
    setting: gives the starting points and the scale.
    walks: by method.
  """
  return [
    {
      'setting': name,
      'method': method,
      'start': f'({start[0]:g}, {start[1]:g})',
      **_end(walk.path[i, -1], setting.scale),
      'unanswered': f'{walk.unanswered[i]:.0f}',
    }
    for method, walk in walks.items()
    for i, start in enumerate(setting.starts)
  ]


def _end(x: Point, scale: float) -> dict[str, str]:
  with jax.enable_x64(True):
    numbers = (*x.tolist(), *losses(x, scale).tolist())
  named = dict(zip(('x1', 'x2', 'L1', 'L2'), numbers, strict=True))
  cells = {name: f'{value:.4f}' for name, value in named.items()}
  return {**cells, 'reached': str(int(reached(x)))}
