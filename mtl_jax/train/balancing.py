"""From task losses to one gradient: balancing, penalty, clipping."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mtl_jax.balancers import base as balancers
from mtl_jax.schemes import base as schemes
from mtl_jax.schemes.base import heads
from mtl_jax.train import freezing, task_gradients
from mtl_jax.train.optimizers import Hp
from mtl_jax.train.parameters import Parameters
from mtl_jax.train.task_gradients import ForwardPass

# Per-task gradients of up to this many bytes stay in memory until their weights
# are known. Above it, a second backward pass computes the weighted sum. See
# docs/balancers.md for the measurement.
KEPT = 2**28


class Problem(NamedTuple):
  """What a balancer has to decide at one step.

  Attributes:
    balancer: the method.
    over: what its Gram matrix is taken over, see `sections.WORDS`.
    static: `[K]`, constant weights of the tasks, see `Hp.task_weights`.
    passes: one per batch, `balancer.n_batches` in all; the losses of the last
      one are balanced.
    penalty_weight: factor of the scheme's auxiliary loss on a batch, in the
      structure of that loss.
    state: the balancer's.
    key: for its random draws.
    frozen: prefixes of the names of parameters that are not trained.
  """

  balancer: balancers.Balancer
  over: str
  static: Float[Array, 'tasks']
  passes: list[ForwardPass]
  penalty_weight: Any
  state: Any
  key: Array
  frozen: freezing.Prefixes = ()

  @property
  def last(self) -> ForwardPass:
    """The pass whose losses are descended on."""
    return self.passes[-1]

  @property
  def losses(self) -> Float[Array, 'tasks']:
    """The losses to balance, with the constant weights."""
    return self.static * self.last.losses


class Combined(NamedTuple):
  """One gradient, the weights behind it, and the balancer's new state.

  Attributes:
    grads: a tree like the parameters.
    weights: `[K]`, with the static task weights multiplied in.
    balance: the balancer's new state.
    fallback: 1 where the balancer gave no finite answer and the tasks were
      weighted equally, else 0.
  """

  grads: Any
  weights: Float[Array, 'tasks']
  balance: Any
  fallback: Float[Array, '']


def start(
  balancer: balancers.Balancer, over: str, num_tasks: int, params: dict
) -> Any:
  """The balancer's state before the first step.

  Args:
    balancer: the method.
    over: what its Gram matrix is taken over, see `sections.WORDS`.
    num_tasks: K.
    params: the parameter tree.

  Returns:
    The state; with `over='module'` its leaves have a leading axis of stages.
  """
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
  passes: list[ForwardPass],
  state: Any,
  key: Array,
  frozen: freezing.Prefixes = (),
) -> Combined:
  """Balances the task losses.

  Args:
    balancer: the method.
    over: what its Gram matrix is taken over, see `sections.WORDS`.
    hp: hyperparameters of the run.
    passes: one per batch, `balancer.n_batches` in all; the losses of the last
      one are balanced.
    state: the balancer's.
    key: for the balancer's random draws.
    frozen: prefixes of the names of parameters that are not trained.

  Returns:
    The gradient by all parameters, including that of the scheme's auxiliary
    loss times `hp.penalty`.
  """
  penalty_weight = jax.tree.map(lambda _: hp.penalty, passes[-1].penalty)
  given = hp.task_weights, passes, penalty_weight, state, key
  problem = Problem(balancer, over, *given, frozen)
  if balancer.needs_grads:
    return _by_rows(problem)
  if not balancer.needs_gram:
    return _by_losses(problem)
  return _by_modules(problem) if over == 'module' else _by_gram(problem)


def _by_losses(problem: Problem) -> Combined:
  """Weights scale whole losses, heads included."""
  weights, state, fallback = _weights(problem, None)
  weights = weights * problem.static
  grads, _ = problem.last.pullback(weights, problem.penalty_weight)
  return Combined(grads, weights, state, fallback)


def _by_gram(problem: Problem) -> Combined:
  """Weights scale the shared gradient; private parameters keep their own."""
  last, static, over = problem.last, problem.static, problem.over
  # Of three batches the first two make the Gram matrix; of one, it alone does.
  rows = [task_gradients.rows(one, static, over) for one in problem.passes[:2]]
  gram = balancers.gram(rows[0], rows[-1])
  weights, state, fallback = _weights(problem, gram)
  reusable = over == 'shared' and problem.balancer.n_batches == 1
  if reusable and _bytes(rows[0]) <= KEPT:
    shared = _with_penalty(problem, balancers.weighted(weights, rows[0]))
  else:
    shared = task_gradients.shared(
      last, weights * static, problem.penalty_weight
    )
  grads = _with_private(problem, shared)
  return Combined(grads, weights * static, state, fallback)


def _by_modules(problem: Problem) -> Combined:
  """Each stage has weights of its own; the recorded ones are their mean."""
  rows = task_gradients.rows(problem.last, problem.static, 'module')
  grams = task_gradients.by_module(rows)
  keys = jax.random.split(problem.key, len(grams))

  def weigh(gram, state, key):
    return _weights(problem._replace(state=state, key=key), gram)

  weights, state, fallback = jax.vmap(weigh)(grams, problem.state, keys)
  shared = task_gradients.weighted_by_module(weights, rows)
  grads = _with_private(problem, _with_penalty(problem, shared))
  # The gradients of a frozen stage are 0: nothing can be said of its weights.
  trained = np.array(freezing.trained_modules(problem.frozen, rows))
  mean = weights[trained].mean(0) * problem.static
  return Combined(grads, mean, state, fallback[trained].max())


def _by_rows(problem: Problem) -> Combined:
  """The method computes the shared gradient itself."""
  balancer, old = problem.balancer, problem.state
  rows = task_gradients.rows(problem.last, problem.static, 'shared')
  shared, new = balancer.update(problem.losses, rows, old, problem.key)
  # `guard` checks weights; here there are none, so the gradient is checked.
  finite = jax.tree.map(lambda g: jnp.isfinite(g).all(), shared)
  failed = ~jnp.stack(jax.tree.leaves(finite)).all()
  equal = jnp.ones_like(problem.static)
  report = balancer.reported_weights
  weights = report(new) if report else equal
  shared, state, weights = _select(
    failed,
    (balancers.weighted(equal, rows), old, equal),
    (shared, new, weights),
  )
  grads = _with_private(problem, _with_penalty(problem, shared))
  fallback = failed.astype(jnp.float32)
  return Combined(grads, weights * problem.static, state, fallback)


def _weights(problem: Problem, gram: Any) -> tuple:
  """Weights, state, and whether the method failed: then the state is the old.

  A state that took part in a failed update could carry its NaN into every later
  step.
  """
  losses, old = problem.losses, problem.state
  if gram is not None and not problem.balancer.raw_gram:
    gram = balancers.scaled(gram)
  weights, new = problem.balancer.update(losses, gram, old, problem.key)
  weights, fallback = balancers.guard(weights, gram)
  return weights, _select(fallback > 0, old, new), fallback


def _select(condition, one: Any, other: Any) -> Any:
  return jax.tree.map(lambda a, b: jnp.where(condition, a, b), one, other)


def _with_private(problem: Problem, shared: dict) -> dict:
  """Adds the gradients of parameters that belong to one task."""
  private = task_gradients.private(
    problem.last, problem.static, problem.penalty_weight
  )
  return {**shared, **private}


def _with_penalty(problem: Problem, shared: dict) -> dict:
  """Adds the gradient of the scheme's auxiliary loss on this batch."""
  # A structure without leaves is known when tracing: no second VJP is compiled.
  if not jax.tree.leaves(problem.penalty_weight):
    return shared
  last = problem.last
  extra = task_gradients.shared(
    last, jnp.zeros_like(last.losses), problem.penalty_weight
  )
  return jax.tree.map(jnp.add, shared, extra)


def _bytes(rows: Any) -> int:
  return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(rows))


@jax.named_scope('penalty')
def add_penalty(scheme: schemes.Scheme, hp: Hp, params: Any, grads: Any) -> Any:
  """Adds the gradient of the scheme's penalty on parameters.

  Args:
    scheme: gives the penalty, see `Scheme.penalty`.
    hp: gives its factor.
    params: where the penalty is evaluated.
    grads: balanced gradients, a tree like `params`; no balancer sees the
      penalty.

  Returns:
    The sum, or `grads` itself where the scheme defines no penalty.
  """
  # Known when tracing, so that other schemes compile no gradient of zero.
  if type(scheme).penalty is schemes.Scheme.penalty:
    return grads
  penalties = jax.grad(lambda p: scheme.penalty(heads.ByName(p)))(params)
  return jax.tree.map(lambda g, p: g + hp.penalty * p, grads, penalties)


@jax.named_scope('clip')
def clip(
  limit: Float[Array, ''], norms: Float[Array, 'groups'], grads: Parameters
) -> Parameters:
  """Scales the gradient of each group down to a largest norm.

  Args:
    limit: the largest norm; 0 is no limit.
    norms: `[groups]`, of the gradients before clipping.
    grads: one row per group.

  Returns:
    The clipped gradients.
  """
  limit = jnp.where(limit > 0, limit, jnp.inf)
  # A norm of 0 or a limit of inf must give 1, not NaN.
  scale = jnp.where(norms > limit, limit / jnp.maximum(norms, 1e-30), 1.0)
  return jax.tree.map(lambda g: g * scale[:, None], grads)
