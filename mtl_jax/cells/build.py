"""From a config to objects; every mistake in it is found here."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

from mtl_jax import data as datasets
from mtl_jax import encoders, plugins, train
from mtl_jax.balancers import base as balancers
from mtl_jax.cells import settings
from mtl_jax.cells.choices import Choice, Choices, choice, choose
from mtl_jax.data import base, views
from mtl_jax.data.base import Data
from mtl_jax.devices import meshes
from mtl_jax.errors import InputError
from mtl_jax.plugins import checks
from mtl_jax.schemes import base as schemes
from mtl_jax.tasks import Task
from mtl_jax.train import optimizers, schedules


def check(config: Any) -> None:
  """Finds in a moment what can be found without data.

  Raises:
    InputError: an unknown name, or a number that no training can have.
  """
  checks.check(config)
  chosen = choose(config)
  chosen.optimizer.check_fields()
  chosen.schedule.check_fields()
  meshes.check(config)


def data(config: Any, load: Callable[..., Data] | None = None) -> list[Data]:
  """One data set per seed if `config.resplit`, else one for all seeds.

  A table that is equal for all seeds, and only cut otherwise, is held once.

  Args:
    config: of the command.
    load: called as `load(split_seed=seed)` instead of the data set's own, for
      arrays that are in memory.
  """
  seeds = settings.seeds(config) if config.resplit else [None]
  load = load or functools.partial(
    datasets.load,
    config.dataset,
    data_dir=config.data_dir,
    files=config.files,
    **choice(config, 'dataset').fields,
  )
  found: list[Data] = []
  for seed in seeds:
    loaded = load(split_seed=seed)
    joined = views.joined(loaded, found[0]) if found else loaded
    del loaded  # Its table may be as large as the first.
    found.append(base.check(joined))
  _check_tasks(found)
  if not config.own_rows:
    return found
  return [base.check(base.own_rows(d, i)) for i, d in enumerate(found)]


def _check_tasks(datas: list[Data]) -> None:
  """What was found from labels must be the same for all seeds."""
  for i, data in enumerate(datas):
    for task, first in zip(data.tasks, datas[0].tasks, strict=True):
      if task.shape != first.shape:
        raise InputError(
          f'task {task.name!r} is {dict(task.fields)} with seed {i} and '
          f'{dict(first.fields)} with the first; give these fields to its Task'
        )


class Resolved(NamedTuple):
  """A config with all that it names, found and made once for a cell.

  Attributes:
    config: the one that was resolved.
    choices: the files that it names.
    system: scheme, balancer, tasks and optimizer.
    settings: of hyperparameters, one dictionary each.
  """

  config: Any
  choices: Choices
  system: train.System
  settings: list[dict[str, Any]]


def resolve(
  config: Any, tasks: tuple[Task, ...], num_rows: int = 1
) -> Resolved:
  """Finds and makes all that a config names.

  Args:
    config: a whole one.
    tasks: of the data.
    num_rows: of the training split, which some balancers ask for.

  Raises:
    InputError: an unknown name or key, or parts that do not go together.
  """
  chosen = choose(config)
  encoder = chosen.encoder.made()
  scheme = _scheme(chosen, encoder, tasks)
  balancer, remake = _balancer(config, chosen.balancer, tasks, num_rows)
  _check_steps(config, chosen.scheme, scheme)
  system = train.System(
    scheme,
    balancer,
    tasks,
    _optimizer(config, chosen, scheme),
    config.compute,
    config.steps,
    config.gram_over,
    remake,
  )
  proposed = settings.settings(config, chosen.scheme, len(tasks))
  return Resolved(config, chosen, system, proposed)


def system(
  config: Any, tasks: tuple[Task, ...], num_rows: int = 1
) -> train.System:
  """The `system` of `resolve`."""
  return resolve(config, tasks, num_rows).system


def _check_steps(config: Any, chosen: Choice, scheme: schemes.Scheme) -> None:
  chosen.call(lambda: scheme.check(config.steps))
  begins = max(scheme.warm_start, scheme.restart(config.steps))
  if begins + 1 >= config.steps:
    raise InputError(
      f'scheme {config.scheme!r} begins at step {begins}, and '
      f'config.steps is {config.steps}; lower its warm_start or search'
    )


def stages(config: Any) -> tuple[Callable, ...]:
  """The stages of the chosen encoder, in the order of the forward pass."""
  return choice(config, 'encoder').made()


def _scheme(
  chosen: Choices, stages: tuple[Callable, ...], tasks: tuple[Task, ...]
) -> schemes.Scheme:
  heads = tuple(functools.partial(schemes.Head, t.num_outputs) for t in tasks)
  return chosen.scheme.made(stages, heads, _resize(chosen.encoder))


def _resize(encoder: Choice) -> Callable | None:
  """Remakes the encoder with so many times the channels, if it says how."""
  widths = getattr(inspect.getmodule(encoder.make), 'WIDTHS', None)
  if widths is None:
    return None
  fields = plugins.fields(encoder.make) | encoder.fields
  return lambda factor: encoder.make(**encoders.resized(fields, widths, factor))


def _balancer(
  config: Any, chosen: Choice, tasks: tuple[Task, ...], num_rows: int
) -> tuple[balancers.Balancer, Callable]:
  """The balancer, and how to make it with other numbers."""
  known = {
    'kinds': tuple(task.kind for task in tasks),
    'steps_per_epoch': max(1, round(num_rows / config.batch_size)),
  }
  # A balancer gets only what its `make` has an argument for.
  asked = {k: v for k, v in known.items() if k in plugins.fields(chosen.make)}
  remake = functools.partial(_remade, chosen, asked)
  made = remake()
  _check_gram(config, made)
  for numbers in config.hp.balancer:
    remake(**dict(numbers))
  return made, remake


def _remade(chosen: Choice, asked: dict[str, Any], **numbers: Any) -> Any:
  with_numbers = chosen._replace(fields=chosen.fields | asked | numbers)
  return with_numbers.made()


def _check_gram(config: Any, balancer: balancers.Balancer) -> None:
  asks = balancer.needs_grads or balancer.n_batches > 1
  if config.gram_over != 'shared' and asks:
    raise InputError(
      f'balancer {config.balancer!r} needs gradients of all parameters: set '
      f'config.gram_over=shared, not {config.gram_over}'
    )


def _optimizer(
  config: Any, chosen: Choices, scheme: schemes.Scheme
) -> optimizers.Optimizer:
  rule, decoupled = chosen.optimizer.made()
  chosen.schedule.check_fields()
  schedule = functools.partial(chosen.schedule.make, **chosen.schedule.fields)
  cut = scheme.restart(config.steps)
  schedule = schedules.phased(schedule, config.steps, cut)
  return optimizers.make(rule, decoupled, schedule, scheme, config.steps)
