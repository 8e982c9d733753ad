"""From task losses to one gradient: balancing, penalty, clipping."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtl_jax.balancers import base as balancers
from mtl_jax.schemes import base as schemes
from mtl_jax.schemes.base import heads
from mtl_jax.train import task_gradients
from mtl_jax.train.optimizers import Hp
from mtl_jax.train.parameters import Parameters
from mtl_jax.train.task_gradients import Look

# Up to so many bytes of tasks' gradients are kept until their weights are
# known; above, a second way back makes their sum. See docs/balancers.md.
KEPT = 2**28


class Combined(NamedTuple):
  """One gradient, the weights behind it, and the balancer's new state.

  `fallback` is 1 where the balancer had no answer and weighed all alike.
  """

  grads: Any
  weights: Float[Array, 'tasks']
  balance: Any
  fallback: Float[Array, '']


def start(
  balancer: balancers.Balancer, over: str, num_tasks: int, params: dict
) -> Any:
  """The balancer's state before the first step."""
  shared, _ = schemes.split(params)
  if balancer.needs_grads:
    return balancer.init(num_tasks, shared)
  state = balancer.init(num_tasks)
  if not (balancer.needs_gram and over == 'module'):
    return state
  count = len(task_gradients.modules(shared))
  return jax.tree.map(lambda x: jnp.stack([x] * count), state)


@jax.named_scope('balance')
def combine(
  balancer: balancers.Balancer,
  over: str,
  hp: Hp,
  looks: list[Look],
  state: Any,
  key: Array,
) -> Combined:
  """Balances the task losses.

  Args:
    balancer: the method.
    over: what its Gram matrix is taken over, see `sections.WORDS`.
    hp: of the run.
    looks: at its `n_batches`; the last is the one whose losses are balanced.
    state: the balancer's.
    key: for what the balancer draws.
  """
  price = jax.tree.map(lambda _: hp.penalty, looks[-1].charged)
  if balancer.needs_grads:
    return _by_rows(balancer, hp, looks[-1], price, state, key)
  if not balancer.needs_gram:
    return _by_losses(balancer, hp, looks[-1], price, state, key)
  if over == 'module':
    return _by_modules(balancer, hp, looks, price, state, key)
  return _by_gram(balancer, over, hp, looks, price, state, key)


def _by_losses(balancer, hp, look, price, state, key):
  """Weights scale whole losses, heads included."""
  static = hp.task_weights
  weights, state, fallback = _ask(
    balancer, static * look.losses, None, state, key
  )
  grads, _ = look.back(weights * static, price)
  return Combined(grads, weights * static, state, fallback)


def _by_gram(balancer, over, hp, looks, price, state, key):
  """Weights scale the shared gradient; task parameters keep their own."""
  look, static = looks[-1], hp.task_weights
  rows = [task_gradients.rows(one, static, over) for one in looks[:2]]
  gram = balancers.gram(rows[0], rows[-1])
  weights, state, fallback = _ask(
    balancer, static * look.losses, gram, state, key
  )
  own = over == 'shared' and balancer.n_batches == 1
  if own and _bytes(rows[0]) <= KEPT:
    shared = _priced(look, price, balancers.weighted(weights, rows[0]))
  else:
    shared = task_gradients.shared(look, weights * static, price)
  grads = {**shared, **task_gradients.private(look, static, price)}
  return Combined(grads, weights * static, state, fallback)


def _by_modules(balancer, hp, looks, price, state, key):
  """Each stage's gradients have weights of their own; told is their mean."""
  look, static = looks[-1], hp.task_weights
  rows = [task_gradients.rows(one, static, 'module') for one in looks]
  grams = task_gradients.by_module(rows[0])
  keys = jax.random.split(key, len(grams))
  weights, state, fallback = jax.vmap(
    lambda *own: _ask(balancer, static * look.losses, *own)
  )(grams, state, keys)
  shared = task_gradients.weighted_by_module(weights, rows[0])
  grads = {
    **_priced(look, price, shared),
    **task_gradients.private(look, static, price),
  }
  mean = weights.mean(0) * static
  return Combined(grads, mean, state, fallback.max())


def _by_rows(balancer, hp, look, price, state, key):
  """The method makes the shared gradient itself."""
  static = hp.task_weights
  rows = task_gradients.rows(look, static, 'shared')
  shared, new = balancer.update(static * look.losses, rows, state, key)
  finite = jax.tree.map(lambda g: jnp.isfinite(g).all(), shared)
  failed = ~jnp.stack(jax.tree.leaves(finite)).all()
  equal = jnp.ones_like(static)
  weights = balancer.told(new) if balancer.told else equal
  shared, state, weights = _either(
    failed,
    (balancers.weighted(equal, rows), state, equal),
    (shared, new, weights),
  )
  grads = {
    **_priced(look, price, shared),
    **task_gradients.private(look, static, price),
  }
  fallback = failed.astype(jnp.float32)
  return Combined(grads, weights * static, state, fallback)


def _ask(balancer, losses, gram, state, key):
  """Weights, state, and whether there was no answer: then all is as before."""
  weights, new = balancer.update(losses, gram, state, key)
  weights, fallback = balancers.guard(weights, gram)
  return weights, _either(fallback > 0, state, new), fallback


def _either(which, one: Any, other: Any) -> Any:
  return jax.tree.map(lambda a, b: jnp.where(which, a, b), one, other)


def _priced(look: Look, price: Any, shared: dict) -> dict:
  """With the gradient of what the scheme charges."""
  if not jax.tree.leaves(price):
    return shared
  extra = task_gradients.shared(look, jnp.zeros_like(look.losses), price)
  return jax.tree.map(jnp.add, shared, extra)


def _bytes(rows: Any) -> int:
  return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(rows))


@jax.named_scope('penalty')
def add_penalty(scheme: schemes.Scheme, hp: Hp, params: Any, grads: Any) -> Any:
  """Adds the gradient of the scheme's penalty; no balancer has seen it."""
  if type(scheme).penalty is schemes.Scheme.penalty:
    return grads
  penalties = jax.grad(lambda p: scheme.penalty(heads.ByName(p)))(params)
  return jax.tree.map(lambda g, p: g + hp.penalty * p, grads, penalties)


@jax.named_scope('clip')
def clip(
  limit: Float[Array, ''], norms: Float[Array, 'groups'], grads: Parameters
) -> Parameters:
  """Scales each group's gradient down to norm `limit`; 0 is no limit."""
  limit = jnp.where(limit > 0, limit, jnp.inf)
  # A norm of 0 or a limit of inf must give 1, not NaN.
  scale = jnp.where(norms > limit, limit / jnp.maximum(norms, 1e-30), 1.0)
  return jax.tree.map(lambda g: g * scale[:, None], grads)
