"""From a config to objects; every mistake in it is found here."""

import functools
import itertools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from mtl_jax import data as datasets
from mtl_jax import modules, optimizers, train
from mtl_jax.balancers import base as balancers
from mtl_jax.data.base import Data
from mtl_jax.errors import InputError, nearest
from mtl_jax.schemes import base as schemes
from mtl_jax.tasks import Task


def check(config: Any) -> None:
  """Finds in a moment what can be found without data.

  Raises:
    InputError: an unknown name, or a number that no training can have.
  """
  for what in ('encoder', 'scheme', 'balancer'):
    made_by = 'Scheme' if what == 'scheme' else 'make'
    modules.find(f'mtl_jax.{what}s', config[what], made_by)
  datasets.loader(config.dataset)
  check_numbers(config)


def data(config: Any) -> list[Data]:
  """One data set per seed if `config.resplit`, else one for all seeds."""
  seeds = range(config.seeds) if config.resplit else [None]
  load = functools.partial(
    datasets.load,
    config.dataset,
    data_dir=config.data_dir,
    files=config.files,
    **chosen(config, 'dataset'),
  )
  return [load(split_seed=seed) for seed in seeds]


def chosen(config: Any, what: str) -> dict[str, Any]:
  """The fields of the chosen dataset, encoder, scheme, balancer, ..."""
  name = config[what].rsplit('.', 1)[-1]
  fields = config[what + 's'].get(name, {})
  return {key: value for key, value in fields.items() if key != 'hp'}


def system(config: Any, tasks: tuple[Task, ...]) -> train.System:
  """Scheme, balancer and optimizer, for these tasks.

  Raises:
    InputError: an unknown name or key, or parts that do not go together.
  """
  stages = _make('mtl_jax.encoders', config, 'encoder')
  scheme = _scheme(config, stages, tasks)
  balancer = _balancer(config, tasks)
  if balancer.needs_gram and scheme.separate:
    raise InputError(
      f'balancer {config.balancer!r} weighs gradients of shared parameters, '
      f'and scheme {config.scheme!r} shares none; use balancer equal or '
      'uncertainty, or a scheme that shares, such as hard'
    )
  return train.System(scheme, balancer, tasks, _optimizer(config, scheme))


def _make(package: str, config: Any, what: str, **given: Any) -> Any:
  make = modules.find(package, config[what], 'make')
  fields = chosen(config, what)
  modules.check_fields(
    f'config.{what}s.{config[what]}', fields, modules.fields(make)
  )
  return _told(what, config[what], functools.partial(make, **fields, **given))


def _told(what: str, name: str, make: Callable) -> Any:
  """Whatever a file finds wrong with its fields is the user's to mend."""
  try:
    return make()
  except (TypeError, ValueError) as error:
    raise InputError(f'{what} {name!r}: {error}') from error


def _scheme(config, stages, tasks) -> schemes.Scheme:
  scheme = modules.find('mtl_jax.schemes', config.scheme, 'Scheme')
  fields = chosen(config, 'scheme')
  allowed = modules.fields(scheme)
  for flax_own in ('parent', 'name'):
    allowed.pop(flax_own, None)
  modules.check_fields(f'config.schemes.{config.scheme}', fields, allowed)
  heads = tuple(functools.partial(schemes.Head, t.num_outputs) for t in tasks)
  return _told('scheme', config.scheme, lambda: scheme(stages, heads, **fields))


def _balancer(config, tasks) -> balancers.Balancer:
  make = modules.find('mtl_jax.balancers', config.balancer, 'make')
  # A method that treats kinds of tasks differently asks for them.
  asked = 'kinds' in modules.fields(make)
  kinds = {'kinds': tuple(task.kind for task in tasks)} if asked else {}
  return _make('mtl_jax.balancers', config, 'balancer', **kinds)


def _optimizer(config, scheme) -> optimizers.Optimizer:
  rule, decoupled = _named(config, 'optimizer', optimizers.OPTIMIZERS)()
  schedule = _named(config, 'schedule', optimizers.SCHEDULES)(config.steps)
  return optimizers.make(rule, decoupled, schedule, scheme)


def _named(config, what: str, table: dict[str, Callable]) -> Callable:
  name = config[what]
  if name not in table:
    raise InputError(f'unknown {what} {name!r}: {nearest(name, table)}')
  return functools.partial(table[name], **chosen(config, what))


def check_numbers(config: Any) -> None:
  """Raises `InputError` for counts that no training can have."""
  for key in ('seeds', 'steps', 'evals', 'batch_size', 'eval_batch_size'):
    if config[key] < 1:
      raise InputError(f'config.{key} is {config[key]}; it must be at least 1')
  if config.steps % config.evals:
    raise InputError(
      f'config.steps={config.steps} does not divide into '
      f'config.evals={config.evals} equal parts; take '
      f'{config.steps // config.evals * config.evals or config.evals} steps'
    )


def settings(config: Any, num_tasks: int) -> list[dict[str, Any]]:
  """All combinations of the `hp` values, as plain numbers.

  Values in `config.schemes.<scheme>.hp` stand in for those in `config.hp`.
  """
  scheme = config.schemes.get(config.scheme.rsplit('.', 1)[-1], {})
  own = {k: v for k, v in scheme.get('hp', {}).items() if v != ()}
  grid = {**config.hp.to_dict(), **own}
  for name, values in grid.items():
    if not isinstance(values, tuple) or not values:
      raise InputError(
        f'config.hp.{name} is {values!r}; it must be a tuple of values to '
        'try, such as "(1e-3,)"'
      )
    if name != 'task_weights' and not all(v >= 0 for v in values):
      raise InputError(f'config.hp.{name} is {values!r}; negative or no number')
  grid['task_weights'] = [
    _task_weights(weights, num_tasks) for weights in grid['task_weights']
  ]
  return [
    dict(zip(grid, values, strict=True))
    for values in itertools.product(*grid.values())
  ]


def _task_weights(weights: Any, num_tasks: int) -> tuple[float, ...]:
  """Scaled to sum to K, so that they do not change the learning rate."""
  weights = weights or (1.0,) * num_tasks
  if not isinstance(weights, tuple) or len(weights) != num_tasks:
    raise InputError(
      f'config.hp.task_weights holds {weights!r}; each entry must be a tuple '
      f'of {num_tasks} numbers, one per task'
    )
  if min(weights) < 0 or sum(weights) <= 0:
    raise InputError(f'config.hp.task_weights: {weights} is not positive')
  return tuple(w * num_tasks / sum(weights) for w in weights)


def hp(settings: list[dict[str, Any]]) -> optimizers.Hp:
  """Settings of runs as traced numbers with a leading runs axis."""
  return optimizers.Hp(
    **{
      name: np.array([s[name] for s in settings], np.float32)
      for name in optimizers.Hp._fields
    }
  )


def try_shapes(config: Any, system: train.System, data: Data) -> None:
  """Raises `InputError` where encoder and scheme cannot take these inputs."""
  example = first_rows(data.train.inputs)
  ones = hp(settings(config, len(data.tasks))[:1])
  one = jax.tree.map(lambda x: x[0], ones)
  start = functools.partial(train.init, system)
  # InputError or not, the message comes from the file that was chosen.
  _told('scheme', config.scheme, lambda: jax.eval_shape(start, one, 0, example))


def first_rows(inputs: Any, count: int = 2) -> Any:
  """A small batch to take shapes from."""
  return jax.tree.map(lambda x: x[:count], inputs)
