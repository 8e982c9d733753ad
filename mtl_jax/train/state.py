"""What a run carries from step to step, and what is fixed when compiled."""

from collections.abc import Callable
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.core import DenyList
from jaxtyping import Array, Float, Int

from mtl_jax.balancers import base as balancers
from mtl_jax.tasks import Task
from mtl_jax.train import balancing, parameters
from mtl_jax.train.optimizers import Hp, Optimizer
from mtl_jax.train.parameters import Parameters

Seed = Int[Array, '']


class System(NamedTuple):
  """What is fixed when a program is compiled."""

  scheme: nn.Module
  balancer: balancers.Balancer
  tasks: tuple[Task, ...]
  optimizer: Optimizer
  compute: str = 'float32'  # see `precision`
  steps: int = 1  # of a run
  gram_over: str = 'shared'  # see `sections.WORDS`
  remake: Callable[..., balancers.Balancer] | None = None  # with other numbers

  def told(self, hp: Hp) -> 'System':
    """With the balancer's numbers of this run."""
    if not hp.balancer:
      return self
    return self._replace(balancer=self.remake(**hp.balancer))

  @property
  def kept_from(self) -> int:
    """The step from which on parameters are those of the scheme itself."""
    cut = self.scheme.restart(self.steps)
    # At the cut itself parameters are still those of the search.
    return max(self.scheme.warm_start, cut + 1 if cut else 0)

  @property
  def batches(self) -> tuple[int, ...]:
    """The leading axes of a step's batch, if it is several."""
    count = self.balancer.n_batches
    return (count,) if count > 1 else ()

  @property
  def groups(self) -> int:
    """Parts that stand alone: K separate towers, or the one model."""
    return len(self.tasks) if self.scheme.separate else 1


class Best(NamedTuple):
  """The parameters of the best validation score, per group of `System`."""

  score: Float[Array, 'groups']
  step: Int[Array, 'groups']
  params: Parameters
  extra: Any


class TrainState(NamedTuple):
  """All that a run carries from step to step, and into a checkpoint.

  Attributes:
    step: steps taken.
    params: parameters, a row per group of `System`.
    extra: what the model carries besides, such as running statistics.
    opt: the optimizer's state.
    balance: the balancer's state.
    best: see `Best`.
    failed: the step at which a loss or gradient was not finite, or -1; from
      then on the parameters stay.
    fallbacks: steps at which the balancer had no answer.
    unlabelled: `[K]`, batches without a valid label of the task.
  """

  step: Int[Array, '']
  params: Parameters
  extra: Any
  opt: Any
  balance: Any
  best: Best
  failed: Int[Array, '']
  fallbacks: Float[Array, '']
  unlabelled: Int[Array, 'tasks']

  @property
  def opened(self) -> 'TrainState':
    """With parameters as the tree that schemes read."""
    return self._replace(params=self.params.tree)


def init(system: System, hp: Hp, seed: Seed, inputs: Any) -> TrainState:
  """The state before the first step; `inputs` is a batch to take shapes of."""
  # Heads of one shape are drawn as one stack.
  drawn = DenyList(('intermediates', 'by_name'))
  key = stream(seed, 'init')
  variables = system.scheme.init(key, inputs, False, mutable=drawn)
  tree = variables.pop('params')
  num_tasks, groups = len(system.tasks), system.groups
  params = parameters.pack(tree, groups)
  best = Best(
    score=jnp.full(groups, jnp.inf, jnp.float32),
    step=jnp.zeros(groups, jnp.int32),
    params=params,
    extra=variables,
  )
  return TrainState(
    step=jnp.zeros((), jnp.int32),
    params=params,
    extra=variables,
    opt=system.optimizer(hp).init(params),
    balance=balancing.start(system.balancer, system.gram_over, num_tasks, tree),
    best=best,
    failed=jnp.full((), -1, jnp.int32),
    fallbacks=jnp.zeros(()),
    unlabelled=jnp.zeros(num_tasks, jnp.int32),
  )


def stream(seed: Seed, *purposes: str) -> Array:
  """One stream of random numbers per purpose; of several, all at once."""
  numbers = [('init', 'order', 'noise', 'probe').index(p) for p in purposes]
  key = jax.random.key(seed)
  if len(numbers) == 1:
    return jax.random.fold_in(key, numbers[0])
  return jax.vmap(lambda n: jax.random.fold_in(key, n))(jnp.array(numbers))
