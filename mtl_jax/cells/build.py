"""Makes objects from a config, and reports mistakes in it."""

import copy
import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

from mtl_jax import data as datasets
from mtl_jax import train
from mtl_jax.cells import parts, settings
from mtl_jax.cells.choices import Choice, Choices, choice, choose
from mtl_jax.data import base, views
from mtl_jax.data.base import Data
from mtl_jax.data.checking import label_weights, one_class
from mtl_jax.data.derived import disjoint
from mtl_jax.devices import meshes
from mtl_jax.errors import InputError
from mtl_jax.plugins import checks, training
from mtl_jax.records import logs
from mtl_jax.schemes.base import Scheme
from mtl_jax.tasks import Task
from mtl_jax.train import augment


def check(config: Any) -> None:
  """Checks all of a config that can be checked without data.

  Raises:
    InputError: an unknown name, or a number that is out of range.
  """
  checks.check(config)
  chosen = choose(config)
  chosen.optimizer.check_fields()
  chosen.schedule.check_fields()
  meshes.check(config)
  if config.log:
    logs.make(config.log)


def with_steps(config: Any, datas: list[Data]) -> Any:
  """Returns the config with the steps that its epochs amount to.

  Args:
    config: a whole one.
    datas: of all seeds; the rows of the first one count.

  Returns:
    A copy with other `steps`; the config itself where `epochs` is 0.

  Raises:
    InputError: that would be too many steps.
  """
  if not config.epochs:
    return config
  chosen, rows = copy.deepcopy(config), len(datas[0].train.mask)
  # Rounded before, so that 0.1 * 30 is not a little more than 3.
  steps = round(config.epochs * rows / config.batch_size, 6)
  chosen.steps = math.ceil(steps)
  training.check_rows(chosen)
  return chosen


def data(config: Any, load: Callable[..., Data] | None = None) -> list[Data]:
  """Loads the data of all seeds.

  A table that all seeds share, and that they only split differently, is in
  memory once.

  Args:
    config: a whole one.
    load: called as `load(split_seed=seed)` in place of the data set's own
      function, for arrays that are in memory.

  Returns:
    One data set per seed if `config.resplit`, else one for all seeds.

  Raises:
    InputError: the data are not valid, or fields of a task differ between
      seeds.
  """
  seeds = settings.seeds(config) if config.resplit else [None]
  load = load or functools.partial(
    datasets.load,
    config.dataset,
    data_dir=config.data_dir,
    files=config.files,
    **choice(config, 'dataset').fields,
  )
  datas: list[Data] = []
  for seed in seeds:
    datas.append(_of_seed(load, seed, datas))
  _check_tasks(datas)
  if config.own_rows:
    datas = [base.check(base.own_rows(d, i)) for i, d in enumerate(datas)]
  if config.sampling not in ('auto', 'rows'):
    datas = list(map(disjoint.by_labels, datas))
  if config.class_weight == 'balanced':
    datas = list(map(label_weights.balanced, datas))
  return datas


def _of_seed(
  load: Callable[..., Data], seed: int | None, others: list[Data]
) -> Data:
  """Loads and checks the data of one seed; equal tables are shared."""
  try:
    loaded = load(split_seed=seed)
    joined = views.joined(loaded, others[0]) if others else loaded
    del loaded  # Frees its table, which may be as large as the first.
    return base.check(joined)
  except one_class.OneClass as error:
    if seed is None:
      raise
    raise InputError(
      f'with split_seed={seed}, {error}, or set another config.first_seed'
    ) from error


def _check_tasks(datas: list[Data]) -> None:
  """Fields that are derived from labels must be equal for all seeds."""
  for i, data in enumerate(datas):
    for task, first in zip(data.tasks, datas[0].tasks, strict=True):
      if task.shape != first.shape:
        raise InputError(
          f'task {task.name!r} is {dict(task.fields)} with seed {i} and '
          f'{dict(first.fields)} with the first; set these fields of its Task'
        )


class Resolved(NamedTuple):
  """A config and all objects that it names.

  Attributes:
    config: the config.
    choices: the files that it names.
    system: scheme, balancer, tasks and optimizer.
    settings: one dictionary per setting of hyperparameters.
  """

  config: Any
  choices: Choices
  system: train.System
  settings: list[dict[str, Any]]


def resolve(
  config: Any, tasks: tuple[Task, ...], num_rows: int = 1
) -> Resolved:
  """Makes all objects that a config names.

  Args:
    config: a whole one.
    tasks: of the data.
    num_rows: of the training split; some balancers use it.

  Raises:
    InputError: an unknown name or key, or parts that do not fit together.
  """
  chosen = choose(config)
  augment.check(config.augment, tasks)
  encoder = chosen.encoder.made()
  if config.remat:
    encoder = parts.rematerialised(encoder)
  scheme = parts.scheme(chosen, encoder, tasks)
  balancer, remake = parts.balancer(config, chosen.balancer, tasks, num_rows)
  _check_steps(config, chosen.scheme, scheme)
  optimizer, schedule = parts.optimizer(config, chosen, scheme)
  system = train.System(
    scheme,
    balancer,
    tasks,
    optimizer,
    config.compute,
    config.steps,
    config.gram_over,
    remake,
    per_task=config.checkpoint_per == 'task' and _is_joint(scheme, tasks),
    schedule=schedule,
    frozen=tuple(config.freeze),
    period=period(config),
    patience=config.patience,
    accumulate=config.accumulate,
    augment=config.augment,
  )
  tried = settings.settings(config, chosen.scheme, len(tasks))
  return Resolved(config, chosen, system, tried)


def period(config: Any) -> int:
  """Steps between two evaluations of a run, of which the last may be fewer."""
  return -(-config.steps // config.evals)


def _is_joint(scheme: Scheme, tasks: tuple[Task, ...]) -> bool:
  """Whether tasks share one choice of parameters; towers have their own."""
  return not scheme.separate and len(tasks) > 1


def system(
  config: Any, tasks: tuple[Task, ...], num_rows: int = 1
) -> train.System:
  """Makes the `system` of a config, see `resolve`.

  Args:
    config: a whole one.
    tasks: of the data.
    num_rows: of the training split; some balancers use it.
  """
  return resolve(config, tasks, num_rows).system


def _check_steps(config: Any, chosen: Choice, scheme: Scheme) -> None:
  chosen.call(lambda: scheme.check(config.steps))
  # At least two steps must be left to train after the last phase has begun.
  begins = max(scheme.warm_start, scheme.restart(config.steps))
  if begins + 1 >= config.steps:
    raise InputError(
      f'scheme {config.scheme!r} begins at step {begins}, and '
      f'config.steps is {config.steps}; lower its warm_start or search'
    )


def stages(config: Any) -> tuple[Callable, ...]:
  """Makes the stages of the encoder, in the order of the forward pass."""
  return choice(config, 'encoder').made()
