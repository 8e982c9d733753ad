"""The parts of a cell, made from the files that its config chooses."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

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
  heads = tuple(functools.partial(schemes.Head, t.num_outputs) for t in tasks)
  return chosen.scheme.made(stages, heads, _resize(chosen.encoder))


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
