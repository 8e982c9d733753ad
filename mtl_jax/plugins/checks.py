"""What is wrong with a configuration, as far as it shows without JAX."""

import math
from typing import Any

from mtl_jax import plugins
from mtl_jax.errors import InputError, nearest
from mtl_jax.plugins import parallel, sections


def check(config: Any) -> None:
  """Checks names and numbers, and imports none of what they name.

  Raises:
    InputError: an unknown name, or a number that no training can have.
  """
  for what in sections.PACKAGES:
    check_names(what, [config[what]])
  check_words(config)
  check_numbers(config)
  values = config.hp.to_dict()
  if not values['penalty']:  # left to the scheme
    del values['penalty']
  check_values(values)


def check_names(what: str, names: list[str]) -> None:
  """Raises `InputError` for a name that is no file of ours and has no dot."""
  for name in names:
    plugins.check_name(sections.PACKAGES[what][0], name)


def check_words(config: Any) -> None:
  """Raises `InputError` for a choice that does not exist."""
  for key, words in sections.WORDS.items():
    if config[key] not in words:
      near = nearest(config[key], words)
      raise InputError(f'config.{key} is {config[key]!r}; {near}')
  parallel.parse(config.parallel)
  check_mesh(config.mesh)


def check_mesh(mesh: Any) -> None:
  """Raises `InputError` for what is no shape of a mesh."""
  pair = isinstance(mesh, tuple) and len(mesh) == 2
  if mesh == () or (pair and all(type(n) is int and n > 0 for n in mesh)):
    return
  raise InputError(
    f'config.mesh is {mesh!r}; it must be devices for runs times devices that '
    'share a batch, such as "(2, 1)", or () for all on runs'
  )


def check_numbers(config: Any) -> None:
  """Raises `InputError` for counts that no training can have."""
  for key in ('seeds', 'steps', 'evals', 'batch_size', 'eval_batch_size'):
    if config[key] < 1:
      raise InputError(f'config.{key} is {config[key]}; it must be at least 1')
  if config.probe.batches < 0 or config.probe.batches == 1:
    raise InputError(
      f'config.probe.batches is {config.probe.batches}; noise is told from '
      'conflict by two batches or more, and 0 measures nothing'
    )
  if config.probe.rows < 3:
    raise InputError(
      f'config.probe.rows is {config.probe.rows}; features are compared on 3 '
      'rows or more'
    )
  if config.steps * config.batch_size >= 2**31:
    raise InputError('config.steps times config.batch_size exceeds 32 bits')
  if config.steps % config.evals:
    raise InputError(
      f'config.steps={config.steps} does not divide into '
      f'config.evals={config.evals} equal parts; take '
      f'{config.steps // config.evals * config.evals or config.evals} steps'
    )


def check_values(grid: dict[str, Any]) -> None:
  """Raises `InputError` for values of `config.hp` that no training can have."""
  for name, values in grid.items():
    if not isinstance(values, tuple) or not values:
      raise InputError(
        f'config.hp.{name} is {values!r}; it must be a tuple of values to '
        'try, such as "(1e-3,)"'
      )
    several = name in ('task_weights', 'balancer')
    if not several and not all(0 <= v < math.inf for v in values):
      raise InputError(
        f'config.hp.{name} is {values!r}; negative, infinite or no number'
      )
