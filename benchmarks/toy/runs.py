"""Every balancer's way down the two losses of `toy_problem`, in float64."""

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

KEPT = 200  # points of a path, after its start
LR = 1e-3
# Their weights' learning rate is 0.025 in Nash-MTL's code, as others' is here.
LEARNED = ('imtl', 'imtl_l', 'uncertainty')
# Not refused below 0, but without a sense there: their scales would grow for
# ever, or the ratio of two losses is not of one sign.
BOUNDED = ('dwa', *LEARNED)


class Walk(NamedTuple):
  """From every start: points at even distances, and steps with no answer."""

  path: Float[Array, 'starts points 2']
  unanswered: Float[Array, 'starts']


def make(name: str, setting: Setting) -> base.Balancer:
  """The method, with default fields but for what the papers' codes set."""
  fields: dict[str, Any] = {}
  if name in LEARNED:
    fields['learning_rate'] = 0.025
  if name == 'famo':
    fields |= {'decay': 0.0, 'lowest': lowest(setting.scale)}
  if name == 'cagrad':
    fields['c'] = setting.c
  return importlib.import_module(f'mtl_jax.balancers.{name}').make(**fields)


def less_bounds(name: str, setting: Setting) -> bool:
  """Whether the method sees the losses less `lowest`."""
  return make(name, setting).positive or name in BOUNDED


def walk(name: str, setting: Setting, start: Point) -> Walk:
  """One method's way from one start."""
  method = make(name, setting)
  bound = lowest(setting.scale) if less_bounds(name, setting) else (0.0, 0.0)

  def seen(params):
    return losses(params['shared'], setting.scale) - jnp.array(bound)

  move = functools.partial(_step, method, seen)
  every = setting.steps // KEPT

  def period(carry, number):
    carry, failed = lax.scan(move, carry, number * every + jnp.arange(every))
    return carry, (carry[0]['shared'], failed.sum())

  params = {'shared': start}
  balance = balancing.start(method, 'shared', 2, params)
  carry = params, optax.adam(LR).init(params), balance
  _, (path, failed) = lax.scan(period, carry, jnp.arange(KEPT))
  return Walk(jnp.concatenate([start[None], path]), failed.sum())


def _step(method: base.Balancer, seen: Callable, carry: Any, number: Array):
  """A step as in `train.step`, where all batches are one and free of noise."""
  params, opt, balance = carry
  values, pullback = jax.vjp(seen, params)
  forward_pass = ForwardPass(
    values, (), lambda weights, _: (pullback(weights)[0], ())
  )
  key = jax.random.fold_in(jax.random.key(0), number)
  hp = optimizers.Hp(*(jnp.array(x) for x in (LR, 0.0, 0.0, 0.0, (1.0, 1.0))))
  found = balancing.combine(
    method, 'shared', hp, [forward_pass] * method.n_batches, balance, key
  )
  updates, opt = optax.adam(LR).update(found.grads, opt)
  params, balance = optax.apply_updates(params, updates), found.balance
  if method.after:
    balance = method.after(values, seen(params), balance)
  return (params, opt, balance), found.fallback


def walks(names: Sequence[str], setting: Setting) -> Mapping[str, Walk]:
  """These methods' ways from all starts: one program, the starts mapped."""

  @jax.jit
  def program(starts):
    return {
      name: jax.vmap(functools.partial(walk, name, setting))(starts)
      for name in names
    }

  with jax.enable_x64(True):  # of this thread alone
    found = jax.device_get(program(jnp.array(setting.starts)))
  return {name: found[name] for name in names}  # JAX sorts them.


def run(setting: Setting) -> dict[str, Walk]:
  """All of the setting's methods, half of them on each of two cores.

  A program of such small parts uses one core. The two methods that iterate
  most, CAGrad and SDMGrad, take turns with the others by name, and so fall
  to different halves.
  """
  halves = [setting.methods[i::2] for i in range(2)]
  with ThreadPoolExecutor(len(halves)) as pool:
    found = pool.map(lambda names: walks(names, setting), halves)
    together = {name: own for half in found for name, own in half.items()}
  return {name: together[name] for name in setting.methods}


def rows(name: str, setting: Setting, walks: Mapping[str, Walk]) -> list[dict]:
  """Lines of toy.csv: where each walk ended."""
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
  told = {name: f'{value:.4f}' for name, value in named.items()}
  return {**told, 'reached': str(int(reached(x)))}
