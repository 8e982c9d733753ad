"""The state of a run, and the settings that are fixed when compiling."""

from collections.abc import Callable
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.core import DenyList
from jaxtyping import Array, Float, Int

from mtl_jax.balancers import base as balancers
from mtl_jax.tasks import Task
from mtl_jax.train import balancing, parameters, schedules
from mtl_jax.train.optimizers import Hp, Optimizer
from mtl_jax.train.parameters import Parameters

Seed = Int[Array, '']


class System(NamedTuple):
  """Everything that is static when a program is compiled.

  Attributes:
    scheme: the model.
    balancer: the method that weighs the tasks.
    tasks: K tasks.
    optimizer: makes the gradient transformation from hyperparameters.
    compute: name of the dtype of the arithmetic, see `precision`.
    steps: of a whole run.
    gram_over: what Gram matrices are taken over, see `sections.WORDS`.
    remake: makes the balancer again with other hyperparameters.
    per_task: whether the best parameters of each task are kept besides those
      of the whole model, see `Best.of_tasks`.
    schedule: step -> factor of the learning rate, as the optimizer has it.
    frozen: prefixes of the names of parameters that are not trained.
    period: steps between two evaluations on validation.
    patience: evaluations without a better score after which a group has
      stopped, see `stopping`; 0 is never.
    accumulate: parts of a batch that are computed in turn, see `accumulation`.
    augment: name of the augmentation of pictures, see `augment`; '' is none.
  """

  scheme: nn.Module
  balancer: balancers.Balancer
  tasks: tuple[Task, ...]
  optimizer: Optimizer
  compute: str = 'float32'
  steps: int = 1
  gram_over: str = 'shared'
  remake: Callable[..., balancers.Balancer] | None = None
  per_task: bool = False
  schedule: Callable[[Any], Any] = schedules.unscheduled
  frozen: tuple[str, ...] = ()
  period: int = 1
  patience: int = 0
  accumulate: int = 1
  augment: str = ''

  def with_hp(self, hp: Hp) -> 'System':
    """This system with the balancer's hyperparameters of one run."""
    if not hp.balancer:
      return self
    return self._replace(balancer=self.remake(**hp.balancer))

  @property
  def selection_start(self) -> int:
    """The first step whose parameters may be selected as the best.

    Before it the towers are still trained apart, or the scheme still searches
    for its structure.
    """
    cut = self.scheme.restart(self.steps)
    # At step `cut` the parameters are still those of the search: the restart
    # happens at the beginning of the next step.
    return max(self.scheme.warm_start, cut + 1 if cut else 0)

  @property
  def batches(self) -> tuple[int, ...]:
    """Leading axes of a step's batch: `(n_batches,)`, or `()` for one batch."""
    count = self.balancer.n_batches
    return (count,) if count > 1 else ()

  @property
  def groups(self) -> int:
    """Independent parts of the model: K separate towers, or 1."""
    return len(self.tasks) if self.scheme.separate else 1


class Best(NamedTuple):
  """The parameters with the best validation score, per group of `System`.

  Attributes:
    score: lower is better, see `selection.Scoring`; inf before the first
      validation.
    step: at which it was reached.
    params: parameters at that step.
    extra: further collections at that step.
    of_tasks: the best of each task alone, with an axis of K tasks in front of
      all axes of its parameters; `()` unless `System.per_task`.
  """

  score: Float[Array, 'groups']
  step: Int[Array, 'groups']
  params: Parameters
  extra: Any
  of_tasks: Any = ()


class TrainState(NamedTuple):
  """The state of a run between steps, which is also what a checkpoint holds.

  Attributes:
    step: steps taken so far.
    params: parameters, one row per group of `System`.
    extra: further collections of the model, such as running statistics.
    opt: the optimizer's state.
    balance: the balancer's state.
    best: see `Best`.
    failed: the first step at which a loss or gradient was not finite, or -1;
      from then on parameters do not change.
    fallbacks: how many steps used equal weights for want of finite ones.
    unlabelled: `[K]`, how many batches had no valid label of the task.
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
    """The same state with parameters as the tree that schemes read."""
    return self._replace(params=self.params.tree)


def init(system: System, hp: Hp, seed: Seed, inputs: Any) -> TrainState:
  """The state before the first step.

  Args:
    system: what is compiled.
    hp: hyperparameters of the run.
    seed: of the run; initial parameters depend on it alone.
    inputs: a batch, of which only shapes and dtypes matter.

  Returns:
    The state, with the initial parameters also as the best ones.
  """
  # Without these collections heads of one shape are drawn as one stack.
  drawn = DenyList(('intermediates', 'by_name'))
  key = stream(seed, 'init')
  variables = system.scheme.init(key, inputs, False, mutable=drawn)
  tree = variables.pop('params')
  num_tasks, groups = len(system.tasks), system.groups
  params = parameters.pack(tree, groups)
  # The initial parameters are in `best`, also for schemes that restart: see
  # `update._restarted`.
  best = Best(
    score=jnp.full(groups, jnp.inf, jnp.float32),
    step=jnp.zeros(groups, jnp.int32),
    params=params,
    extra=variables,
  )
  if system.per_task:
    best = best._replace(of_tasks=_repeated(best, num_tasks))
  return TrainState(
    step=jnp.zeros((), jnp.int32),
    params=params,
    extra=variables,
    opt=system.optimizer(hp).init(params),
    # Balancers see the tree: some hold a copy of every shared gradient.
    balance=balancing.start(system.balancer, system.gram_over, num_tasks, tree),
    best=best,
    failed=jnp.full((), -1, jnp.int32),
    fallbacks=jnp.zeros(()),
    unlabelled=jnp.zeros(num_tasks, jnp.int32),
  )


def _repeated(best: Best, count: int) -> Best:
  """The start of the best of each task; scores and steps are `[K]`."""
  whole = jax.tree.map(
    lambda x: jnp.broadcast_to(x, (count, *x.shape)), best._replace(of_tasks=())
  )
  return whole._replace(score=whole.score[:, 0], step=whole.step[:, 0])


def stream(seed: Seed, *purposes: str) -> Array:
  """Independent random keys, one per purpose.

  Args:
    seed: of the run.
    *purposes: of 'init', 'order' (of rows), 'noise' (dropout, balancers) and
      'probe'.

  Returns:
    A key; for several purposes an array of keys.
  """
  # The numbers below are part of every result: do not reorder them.
  numbers = [('init', 'order', 'noise', 'probe').index(p) for p in purposes]
  key = jax.random.key(seed)
  if len(numbers) == 1:
    return jax.random.fold_in(key, numbers[0])
  return jax.vmap(lambda n: jax.random.fold_in(key, n))(jnp.array(numbers))
