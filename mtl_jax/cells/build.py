"""From a config to objects; every mistake in it is found here."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from mtl_jax import data as datasets
from mtl_jax import encoders, plugins, train
from mtl_jax.balancers import base as balancers
from mtl_jax.cells import settings as choices
from mtl_jax.data import base, stacked, views
from mtl_jax.data.base import Data, Split
from mtl_jax.devices import meshes
from mtl_jax.errors import InputError
from mtl_jax.plugins import checks, sections
from mtl_jax.schemes import base as schemes
from mtl_jax.tasks import Task
from mtl_jax.train import noise, optimizers
from mtl_jax.train.recorded import Recorded, record


def check(config: Any) -> None:
  """Finds in a moment what can be found without data.

  Raises:
    InputError: an unknown name, or a number that no training can have.
  """
  checks.check(config)
  for what in ('encoder', 'scheme', 'balancer'):
    made_by = 'Scheme' if what == 'scheme' else 'make'
    plugins.find(f'mtl_jax.{what}s', config[what], made_by)
  datasets.loader(config.dataset)
  _named(config, 'optimizer', optimizers.OPTIMIZERS)
  _named(config, 'schedule', optimizers.SCHEDULES)
  meshes.check(config)


def data(config: Any, load: Callable[..., Data] | None = None) -> list[Data]:
  """One data set per seed if `config.resplit`, else one for all seeds.

  A table that is equal for all seeds, and only cut otherwise, is held once.

  Args:
    config: of the command.
    load: called as `load(split_seed=seed)` instead of the data set's own, for
      arrays that are in memory.
  """
  seeds = choices.seeds(config) if config.resplit else [None]
  load = load or functools.partial(
    datasets.load,
    config.dataset,
    data_dir=config.data_dir,
    files=config.files,
    **choices.chosen(config, 'dataset'),
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


def system(
  config: Any, tasks: tuple[Task, ...], num_rows: int = 1
) -> train.System:
  """Scheme, balancer and optimizer, for these tasks and rows to train on.

  Raises:
    InputError: an unknown name or key, or parts that do not go together.
  """
  encoder = stages(config)
  scheme = _scheme(config, encoder, tasks)
  balancer, remake = _balancer(config, tasks, num_rows)
  _check_steps(config, scheme)
  optimizer = _optimizer(config, scheme)
  return train.System(
    scheme,
    balancer,
    tasks,
    optimizer,
    config.compute,
    config.steps,
    config.gram_over,
    remake,
  )


def _check_steps(config: Any, scheme: schemes.Scheme) -> None:
  _told('scheme', config.scheme, lambda: scheme.check(config.steps))
  begins = max(scheme.warm_start, scheme.restart(config.steps))
  if begins + 1 >= config.steps:
    raise InputError(
      f'scheme {config.scheme!r} begins at step {begins}, and '
      f'config.steps is {config.steps}; lower its warm_start or search'
    )


def stages(config: Any) -> tuple[Callable, ...]:
  """The chosen encoder."""
  return _make('mtl_jax.encoders', config, 'encoder')


def _make(package: str, config: Any, what: str, **given: Any) -> Any:
  make = plugins.find(package, config[what], 'make')
  fields = choices.chosen(config, what) | given
  where = sections.where(config, what)
  plugins.check_fields(where, fields, plugins.fields(make))
  return _told(what, config[what], functools.partial(make, **fields))


def _told(what: str, name: str, make: Callable) -> Any:
  """Whatever a file finds wrong with its fields is the user's to mend."""
  try:
    return make()
  except InputError:
    raise
  except Exception as error:
    text = ' '.join(str(error).split())[:300]
    raise InputError(f'{what} {name!r}: {text}') from error


def _scheme(config, stages, tasks) -> schemes.Scheme:
  scheme = plugins.find('mtl_jax.schemes', config.scheme, 'Scheme')
  fields = choices.chosen(config, 'scheme')
  allowed = plugins.fields(scheme)
  for given_here in ('parent', 'name', 'resize'):
    allowed.pop(given_here, None)
  plugins.check_fields(sections.where(config, 'scheme'), fields, allowed)
  heads = tuple(functools.partial(schemes.Head, t.num_outputs) for t in tasks)
  make = functools.partial(scheme, stages, heads, _resize(config), **fields)
  return _told('scheme', config.scheme, make)


def _resize(config) -> Callable | None:
  """Remakes the encoder with so many times the channels, if it says how."""
  make = plugins.find('mtl_jax.encoders', config.encoder, 'make')
  widths = getattr(inspect.getmodule(make), 'WIDTHS', None)
  if widths is None:
    return None
  fields = plugins.fields(make) | choices.chosen(config, 'encoder')
  return lambda factor: make(**encoders.resized(fields, widths, factor))


def _balancer(config, tasks, num_rows) -> tuple[balancers.Balancer, Callable]:
  """The balancer, and how to make it with other numbers."""
  make = plugins.find('mtl_jax.balancers', config.balancer, 'make')
  # What a method does not ask for it is not given.
  known = {
    'kinds': tuple(task.kind for task in tasks),
    'steps_per_epoch': max(1, round(num_rows / config.batch_size)),
  }
  asked = {k: v for k, v in known.items() if k in plugins.fields(make)}
  remake = functools.partial(
    _make, 'mtl_jax.balancers', config, 'balancer', **asked
  )
  found = remake()
  _check_gram(config, found)
  for numbers in config.hp.balancer:
    remake(**dict(numbers))
  return found, remake


def _check_gram(config, balancer) -> None:
  asks = balancer.needs_grads or balancer.n_batches > 1
  if config.gram_over != 'shared' and asks:
    raise InputError(
      f'balancer {config.balancer!r} needs gradients of all parameters: set '
      f'config.gram_over=shared, not {config.gram_over}'
    )


def _optimizer(config, scheme) -> optimizers.Optimizer:
  rule, decoupled = _named(config, 'optimizer', optimizers.OPTIMIZERS)()
  schedule = _named(config, 'schedule', optimizers.SCHEDULES)
  cut = scheme.restart(config.steps)
  schedule = optimizers.phased(schedule, config.steps, cut)
  return optimizers.make(rule, decoupled, schedule, scheme, config.steps)


def _named(config, what: str, table: dict[str, Callable]) -> Callable:
  name = config[what]
  fields = choices.chosen(config, what)
  allowed = plugins.fields(table[name])
  plugins.check_fields(f'config.{what}s.{name}', fields, allowed)
  return functools.partial(table[name], **fields)


class Traced(NamedTuple):
  """What tracing finds of one run: its start, and a step on a whole batch."""

  init: Recorded
  step: Recorded

  @property
  def state(self) -> train.TrainState:
    """Shapes of the run's state."""
    return self.init.shapes


def try_shapes(config: Any, system: train.System, data: Data) -> Traced:
  """Raises `InputError` where the parts cannot take a step on these inputs."""
  _check_words(config, data)
  _check_rows(config, system, data)
  settings = choices.settings(config, len(data.tasks))
  hp = jax.tree.map(lambda x: x[0], choices.hp(settings[:1]))

  def traced(function, *arguments):
    own = functools.partial(function, system)
    return _told('scheme', config.scheme, lambda: record(own, *arguments))

  rows = views.first(data.train, 2).inputs
  init = traced(train.init, hp, np.int32(0), rows)
  _check_shared(config, system, init.shapes.params.shapes)
  key = noise.draws(jax.random.key(0))
  rows = batch(system, config, data)
  return Traced(init, traced(train.step, hp, init.shapes, rows, key))


def batch(system: train.System, config: Any, data: Data) -> Split:
  """Shapes of what one step of one run reads."""
  leading = (*system.batches, config.batch_size)
  one = views.first(data.train, 1)
  one = one._replace(labels=stacked.packed(one.labels))
  return jax.tree.map(
    lambda x: jax.ShapeDtypeStruct((*leading, *x.shape[1:]), x.dtype), one
  )


def _check_shared(config: Any, system: train.System, params: dict) -> None:
  groups = [system.scheme.group(name) for name in schemes.split(params)[0]]
  times = (0, config.steps // 2, config.steps - 1)
  trained = any(
    group.moves is None or any(group.moves(at, config.steps) for at in times)
    for group in groups
  )
  if system.balancer.per_task and not trained:
    raise InputError(
      f'balancer {config.balancer!r} weighs gradients of shared parameters, '
      f'and scheme {config.scheme!r} trains none; use balancer equal or '
      'uncertainty, or a scheme that shares, such as hard'
    )


def _check_rows(config: Any, system: train.System, data: Data) -> None:
  together = int(data.train.mask.sum(1).max())
  if system.scheme.own_rows and together > 1:
    raise InputError(
      f'scheme {config.scheme!r} tells tasks apart by their rows, and here a '
      f'row has labels of {together}; set config.own_rows=True, or '
      f'{sections.where(config, "scheme")}.adversarial=0'
    )


def _check_words(config: Any, data: Data) -> None:
  size = choices.chosen(config, 'encoder').get('vocab_size')
  if size is None:
    return
  tokens = views.first(data.train, 1).inputs
  if not isinstance(tokens, np.ndarray):
    return
  largest = max(int(split.inputs.max()) for split in data.splits.values())
  if tokens.dtype.kind in 'iu' and largest >= size:
    raise InputError(
      f'word number {largest} is beyond {sections.where(config, "encoder")}.'
      f'vocab_size={size}; set it to {largest + 1} or more'
    )
