"""The parts of a cell, made from the files that its config chooses."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import flax.linen as nn

from mtl_jax import encoders, plugins
from mtl_jax.balancers import base as balancers
from mtl_jax.cells.choices import Choice, Choices
from mtl_jax.errors import InputError
from mtl_jax.schemes import base as schemes
from mtl_jax.tasks import Task
from mtl_jax.train import optimizers, schedules


def scheme(
  chosen: Choices, stages: tuple[Callable, ...], tasks: tuple[Task, ...]
) -> schemes.Scheme:
  """Makes the scheme.

  Args:
    chosen: what the config chooses.
    stages: of the encoder.
    tasks: each gets a head with as many outputs as it has.

  Raises:
    InputError: an unknown field, or whatever the scheme objects to.
  """
  _check_dense(chosen.encoder, tasks)
  heads = tuple(_head(chosen.encoder, task) for task in tasks)
  return chosen.scheme.made(stages, heads, _resize(chosen.encoder))


def rematerialised(stages: tuple[Callable, ...]) -> tuple[Callable, ...]:
  """Stages whose activations the backward pass computes again.

  It takes less memory and about a third more time; numbers are the same to
  rounding.

  Args:
    stages: module factories, of a module class and its fields.

  Raises:
    InputError: a stage is no module class.
  """
  return tuple(map(_rematerialised, stages))


def _rematerialised(stage: Callable) -> Callable:
  parted = isinstance(stage, functools.partial)
  module = stage.func if parted else stage
  if not (inspect.isclass(module) and issubclass(module, nn.Module)):
    raise InputError(
      'config.remat takes stages that are module classes, and one is '
      f'{stage!r}; make it functools.partial(YourModule, ...), or set '
      'config.remat=False'
    )
  if not parted:
    return _remat(module)
  return functools.partial(_remat(module), *stage.args, **stage.keywords)


@functools.cache  # A class of its own each time would be compiled each time.
def _remat(module: type[nn.Module]) -> type[nn.Module]:
  # A stage that shows its inside computes its output there.
  methods = ['inside'] if hasattr(module, 'inside') else None
  return nn.remat(module, static_argnums=(2,), methods=methods)


def _check_dense(encoder: Choice, tasks: tuple[Task, ...]) -> None:
  """Checks that tasks and encoder both are of maps, or both are not.

  Raises:
    InputError: they differ; it names the encoder, the task and the remedy.
  """
  module = inspect.getmodule(encoder.make)
  name = module.__name__.removeprefix('mtl_jax.encoders.')
  has_maps = getattr(module, 'DENSE', False)
  dense = [task for task in tasks if task.dense]
  if dense and not has_maps:
    raise InputError(
      f'task {dense[0].name!r} ({dense[0].kind}) predicts maps, and encoder '
      f'{name!r} has no dense head; set config.encoder to unet, segnet or '
      'deeplab'
    )
  if has_maps and not dense:
    raise InputError(
      f'encoder {name!r} makes maps, and no task predicts one: '
      f'{tasks[0].name!r} is {tasks[0].kind}; set config.encoder to resnet, or '
      'use dense tasks'
    )


def _head(encoder: Choice, task: Task) -> Callable:
  """The head of a task, of the encoder where it predicts maps."""
  if not task.dense:
    return functools.partial(schemes.Head, task.num_outputs)
  make = getattr(inspect.getmodule(encoder.make), 'dense_head', None)
  if not callable(make):
    raise InputError(
      f'encoder {encoder.name!r} says DENSE and has no dense_head; define '
      'dense_head(outputs) in its module, which returns a module factory'
    )
  # It is given those fields of the encoder that it has arguments for.
  fields = plugins.fields(encoder.make) | dict(encoder.fields)
  parameters = inspect.signature(make).parameters
  if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
    fields = {k: v for k, v in fields.items() if k in parameters}
  return make(task.num_outputs, **fields)


def _resize(encoder: Choice) -> Callable | None:
  """A function that remakes the encoder with `factor` times the channels.

  None for an encoder whose module does not name its widths in `WIDTHS`.
  """
  widths = getattr(inspect.getmodule(encoder.make), 'WIDTHS', None)
  if widths is None:
    return None
  fields = plugins.fields(encoder.make) | encoder.fields
  return lambda factor: encoder.make(**encoders.resized(fields, widths, factor))


def balancer(
  config: Any, chosen: Choice, tasks: tuple[Task, ...], num_rows: int
) -> tuple[balancers.Balancer, Callable]:
  """Makes the balancer.

  Args:
    config: a whole one; its `hp.balancer` is checked.
    chosen: the file of the balancer and its fields.
    tasks: of the data.
    num_rows: of the training split.

  Returns:
    The balancer, and a function that makes it with other values of the numbers
    among its fields.

  Raises:
    InputError: an unknown field, or `config.gram_over` does not fit.
  """
  known = {
    'kinds': tuple(task.kind for task in tasks),
    'steps': config.steps,
    'steps_per_epoch': max(1, round(num_rows / config.batch_size)),
  }
  # A balancer is given only what its `make` has an argument for.
  accepted = {
    k: v for k, v in known.items() if k in plugins.fields(chosen.make)
  }
  remake = functools.partial(_remade, chosen, accepted)
  made = remake()
  _check_gram(config, made)
  # Values that are traced later are tried here, where an error has a name.
  for numbers in config.hp.balancer:
    remake(**dict(numbers))
  return made, remake


def _remade(chosen: Choice, accepted: dict[str, Any], **numbers: Any) -> Any:
  with_numbers = chosen._replace(fields=chosen.fields | accepted | numbers)
  return with_numbers.made()


def _check_gram(config: Any, balancer: balancers.Balancer) -> None:
  # Only Gram matrices can be of another layer than the shared parameters.
  whole = balancer.needs_grads or balancer.n_batches > 1
  if config.gram_over != 'shared' and whole:
    raise InputError(
      f'balancer {config.balancer!r} needs gradients of all parameters: set '
      f'config.gram_over=shared, not {config.gram_over}'
    )


def optimizer(
  config: Any, chosen: Choices, scheme: schemes.Scheme
) -> tuple[optimizers.Optimizer, Callable]:
  """Makes the optimizer and its schedule.

  Args:
    config: a whole one.
    chosen: what the config chooses.
    scheme: decides which parameters are trained when; a scheme that searches
      restarts the schedule after its search.

  Returns:
    The optimizer, and its schedule: step -> factor of the learning rate.

  Raises:
    InputError: an unknown field, or whatever optimizer or schedule object to.
  """
  rule, decoupled = chosen.optimizer.made()
  chosen.schedule.check_fields()
  schedule = functools.partial(chosen.schedule.make, **chosen.schedule.fields)
  restart = scheme.restart(config.steps)
  schedule = schedules.phased(schedule, config.steps, restart)
  made = optimizers.make(
    rule, decoupled, schedule, scheme, config.steps, tuple(config.freeze)
  )
  return made, schedule
