"""From task losses to one gradient: balancing, penalty, clipping."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtl_jax.balancers import base as balancers
from mtl_jax.optimizers import Hp
from mtl_jax.schemes import base as schemes


class Combined(NamedTuple):
  """One gradient, the weights behind it, and the balancer's new state.

  `fallback` is 1 where the balancer had no answer and weighed all alike.
  """

  grads: Any
  weights: Float[Array, 'tasks']
  balance: Any
  fallback: Float[Array, '']


@jax.named_scope('balance')
def combine(
  balancer: balancers.Balancer,
  hp: Hp,
  losses: Float[Array, 'tasks'],
  charged: Any,
  pullback: Callable,
  state: Any,
  key: Array,
) -> Combined:
  """Balances the task losses.

  Args:
    balancer: the method.
    hp: of the run.
    losses: raw.
    charged: the scheme's price of this batch, which no balancer sees, or ().
    pullback: of the pair of losses and `charged`, to the parameters.
    state: the balancer's.
    key: for what the balancer draws.
  """
  by = _by_gram if balancer.needs_gram else _by_losses
  price = jax.tree.map(lambda _: hp.penalty, charged)
  return by(balancer, hp, losses, price, pullback, state, key)


def _by_losses(balancer, hp, losses, price, pullback, state, key):
  """Weights scale whole losses, heads included."""
  scaled = hp.task_weights * losses
  weights, state = balancer.update(scaled, None, state, key)
  weights, fallback = balancers.guard(weights, None)
  (grads,) = pullback((weights * hp.task_weights, price))
  return Combined(grads, weights * hp.task_weights, state, fallback)


def _by_gram(balancer, hp, losses, price, pullback, state, key):
  """Weights scale the shared gradient; task parameters keep their own."""
  static = hp.task_weights
  free = jax.tree.map(jnp.zeros_like, price)
  (rows,) = jax.vmap(lambda w: pullback((w, free)))(jnp.diag(static))
  shared, private = schemes.split(rows)
  gram = balancers.gram(shared)
  weights, state = balancer.update(static * losses, gram, state, key)
  weights, fallback = balancers.guard(weights, gram)
  shared = jax.tree.map(lambda g: jnp.tensordot(weights, g, 1), shared)
  private = jax.tree.map(lambda g: g.sum(0), private)
  grads = {**shared, **private}
  if jax.tree.leaves(price):
    (extra,) = pullback((jnp.zeros_like(losses), price))
    grads = jax.tree.map(jnp.add, grads, extra)
  return Combined(grads, weights * static, state, fallback)


@jax.named_scope('penalty')
def add_penalty(scheme: schemes.Scheme, hp: Hp, params: Any, grads: Any) -> Any:
  """Adds the gradient of the scheme's penalty; no balancer has seen it."""
  if type(scheme).penalty is schemes.Scheme.penalty:
    return grads
  penalties = jax.grad(scheme.penalty)(params)
  return jax.tree.map(lambda g, p: g + hp.penalty * p, grads, penalties)


@jax.named_scope('clip')
def clip(
  limit: Float[Array, ''], norms: Float[Array, 'groups'], grads: Any
) -> Any:
  """Scales each group's gradient down to norm `limit`; 0 is no limit."""
  limit = jnp.where(limit > 0, limit, jnp.inf)
  # A norm of 0 or a limit of inf must give 1, not NaN.
  scale = jnp.where(norms > limit, limit / jnp.maximum(norms, 1e-30), 1.0)
  return jax.tree.map(jnp.multiply, grads, schemes.per_tower(grads, scale))
